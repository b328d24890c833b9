// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/loop_metrics.hpp>

#include <span>
#include <string>

namespace weft::inline v0 {

/// The content type of what prometheus_text() gives, for an answer to `GET /metrics`.
inline constexpr const char* prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Metrics in the text format that Prometheus scrapes: a family each, `weft_loop_…`, with the loop's name as the label
/// `loop`. Give it all loops of a program at once, each with a name of its own: a family must not appear twice.
/// @see https://prometheus.io/docs/instrumenting/exposition_formats, examples/43_metrics.cpp
std::string prometheus_text(const loop_metrics& loop);
std::string prometheus_text(std::span<const loop_metrics> loops);

}  // namespace weft::inline v0
