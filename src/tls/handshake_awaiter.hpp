// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/loop/waiter.hpp>

#include <exception>

namespace weft::inline v0 {

class tls_layer;

/// Suspends a task until a TLS handshake is over. Cancelled or destroyed before that, it ends the connection.
class handshake_awaiter : public waiter {
public:
    explicit handshake_awaiter(tls_layer& l) noexcept : waiter(kind_), layer_(&l) {}
    ~handshake_awaiter() { abandon(); }

    bool await_ready() const noexcept;
    void start() noexcept;
    void await_resume();
    void abandon() noexcept;

    /// From the layer: it is over, well or not.
    void end() noexcept { this->wake(); }
    /// From the layer: the stream was closed or destroyed.
    void layer_goes() noexcept;

private:
    static const wait_kind kind_;
    tls_layer* layer_;            // null: it is gone
    std::exception_ptr failure_;  // then: what it failed with before
};

}  // namespace weft::inline v0
