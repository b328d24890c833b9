// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/result.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/flow/with.hpp>
#include <weft/http/client_options.hpp>
#include <weft/loop/event_loop.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace weft::inline v0::http {

enum class client_phase : std::uint8_t { pool, connect, tls, send, first_byte, between_bytes };

/// "while connecting"
std::string_view to_string(client_phase phase) noexcept;

/// What a request is called in messages, and until when it may do what. It begins when it is made.
class client_deadline {
public:
    client_deadline(std::string what, const client_timeouts& timeouts);

    /// "GET https://example.org/a"
    const std::string& what() const noexcept { return what_; }
    /// After a redirect.
    void rename(std::string what) noexcept { what_ = std::move(what); }

    /// Awaits what `body` returns, a coroutine, for as long as the phase may take.
    /// @throws timeout_error  naming the request and the phase
    template <class Body>
    auto within(client_phase phase, Body body) -> decltype(body());

private:
    std::optional<clock::time_point> end_of(client_phase phase) const;
    [[noreturn]] void fail(client_phase phase) const;

    std::string what_;
    client_timeouts timeouts_;
    std::optional<clock::time_point> end_;  // of it all
};

template <class Body>
auto client_deadline::within(client_phase phase, Body body) -> decltype(body()) {
    timeout t = timeout_at(end_of(phase));
    bool is_over = false;
    try {
        co_return co_await with(t, body);
    } catch (const timeout_error&) {
        if (!t.expired()) throw;  // it is somebody else's
        is_over = true;
    }
    if (is_over) fail(phase);
    std::unreachable();
}

}  // namespace weft::inline v0::http
