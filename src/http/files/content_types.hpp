// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace weft::inline v0::http {

/// The Content-Type of a file, by the end of its name: "text/html; charset=utf-8" of "index.html".
std::string_view content_type_of(std::string_view name) noexcept;

}  // namespace weft::inline v0::http
