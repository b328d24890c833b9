// SPDX-License-Identifier: Apache-2.0
#include "tls/handshake_awaiter.hpp"

#include "tls/tls_layer.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

const wait_kind handshake_awaiter::kind_ = {
    .name = "TLS handshake",
    .cancel =
        [](waiter& w) {
            static_cast<handshake_awaiter&>(w).wake();
            return false;
        },
};

bool handshake_awaiter::await_ready() const noexcept { return layer_->state_ != tls_layer::state::handshaking; }
void handshake_awaiter::start() noexcept { layer_->waiting_ = this; }

void handshake_awaiter::await_resume() {
    try {
        this->resumed();
    } catch (...) {
        abandon();
        throw;
    }
    if (layer_) {
        layer_->waiting_ = nullptr;
        failure_ = std::exchange(layer_, nullptr)->failure_;
        if (failure_) std::rethrow_exception(failure_);
        return;
    }
    if (failure_) std::rethrow_exception(failure_);
    throw std::system_error(ECONNABORTED, std::generic_category(),
                            "the connection was closed during its TLS handshake");
}

void handshake_awaiter::abandon() noexcept {
    if (!layer_) return;
    tls_layer& layer = *std::exchange(layer_, nullptr);
    layer.waiting_ = nullptr;
    layer.give_up();
}

void handshake_awaiter::layer_goes() noexcept {
    failure_ = std::exchange(layer_, nullptr)->failure_;
    this->wake();
}

}  // namespace weft::inline v0
