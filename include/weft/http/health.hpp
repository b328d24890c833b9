// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/router.hpp>

#include <functional>

namespace weft::inline v0::http {

struct health_options {
    /// Whether it may be sent requests now: its database is there, it is not about to stop. Empty: yes.
    std::function<task<bool>()> is_ready = {};
};

/// Adds what those who watch over a server ask for: GET /healthz (it runs), /readyz (503 while it is not ready) and /metrics
/// (of the loop that answers, in the text format of Prometheus; not for strangers' eyes).
void add_health(router& to, health_options options = {});

}  // namespace weft::inline v0::http
