// SPDX-License-Identifier: Apache-2.0
// A virtual clock on which work takes time: as much as the test says.
#pragma once

#include "loop/backend.hpp"
#include "testing/backend_decorator.hpp"
#include "testing/virtual_backend.hpp"

#include <weft/loop/event_loop.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace weft_test {

class busy_clock final : public weft::backend_decorator {
public:
    busy_clock() : backend_decorator(std::make_unique<weft::virtual_backend>(weft::make_backend())) {}
    weft::nanos now() const noexcept override { return real_->now() + spent_; }
    bool wait(weft::nanos deadline) override {
        real_->calls_elsewhere = calls_elsewhere;
        return real_->wait(deadline == weft::never || deadline == 0 ? deadline : deadline - spent_);
    }
    /// Whoever runs now has taken so long.
    void spend(std::chrono::nanoseconds d) noexcept { spent_ += d.count(); }

private:
    weft::nanos spent_ = 0;
};

/// A loop on such a clock.
struct busy_loop {
    explicit busy_loop(std::unique_ptr<busy_clock> c = std::make_unique<busy_clock>())
        : clock(*c), loop(std::move(c)) {}
    busy_clock& clock;
    weft::event_loop loop;
};

}  // namespace weft_test
