// SPDX-License-Identifier: Apache-2.0
#include "http/client/client_deadline.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace weft::inline v0::http {

namespace {

using limit = client_timeouts::duration client_timeouts::*;

/// By client_phase.
struct phase_description {
    std::string_view text;
    limit its_limit;
};
constexpr std::array<phase_description, 6> phases = {{
    {"while waiting for a connection to be free", &client_timeouts::pool},
    {"while connecting", &client_timeouts::connect},
    {"in the TLS handshake", &client_timeouts::tls},
    {"while sending the request", &client_timeouts::send},
    {"while waiting for the answer", &client_timeouts::first_byte},
    {"while receiving the answer", &client_timeouts::between_bytes},
}};

std::optional<clock::time_point> after(const client_timeouts::duration& limit) {
    if (!limit) return std::nullopt;
    return to_time_point(deadline_after(to_nanos(get_running_loop().time()), to_nanos(*limit)));
}

}  // namespace

std::string_view to_string(client_phase phase) noexcept { return phases[static_cast<std::size_t>(phase)].text; }

client_deadline::client_deadline(std::string what, const client_timeouts& timeouts)
    : what_(std::move(what)), timeouts_(timeouts), end_(after(timeouts.total)) {}

std::optional<clock::time_point> client_deadline::end_of(client_phase phase) const {
    const auto own = after(timeouts_.*phases[static_cast<std::size_t>(phase)].its_limit);
    if (own && end_) return std::min(*own, *end_);
    return own ? own : end_;
}

void client_deadline::fail(client_phase phase) const {
    const bool is_total = end_ && *end_ <= get_running_loop().time();
    const auto& its_limit = timeouts_.*phases[static_cast<std::size_t>(phase)].its_limit;
    const std::chrono::duration<double> seconds =
        (is_total ? timeouts_.total : its_limit).value_or(std::chrono::nanoseconds());
    char limit[64];
    std::snprintf(limit, sizeof limit, is_total ? " (%g s in all)" : " (%g s)", seconds.count());
    throw timeout_error(what_ + ": timed out " + std::string(to_string(phase)) + limit);
}

}  // namespace weft::inline v0::http
