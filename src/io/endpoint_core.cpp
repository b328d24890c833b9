// SPDX-License-Identifier: Apache-2.0
#include "io/endpoint_core.hpp"

#include "loop/report.hpp"

#include <limits>
#include <new>
#include <stdexcept>
#include <string>

namespace weft::inline v0 {

namespace {
/// So many writes to a connection that is lost: somebody should be told.
constexpr unsigned lost_writes_reported = 5;
}  // namespace

endpoint_core::endpoint_core(event_loop& loop, std::shared_ptr<base_protocol> p)
    : loop_(loop), protocol_(std::move(p)), context_(context_to_carry()) {
    run = &endpoint_core::run_step;
    loop_.attach(*this);
}

// From one state to the next, in the ready queue

void endpoint_core::start() {
    self_ = shared_from_this();
    schedule();
}

void endpoint_core::schedule() noexcept {
    if (std::exchange(scheduled_, true)) return;
    loop_.make_ready(*this);
}

void endpoint_core::run_step(ready_node& node) {
    auto& self = static_cast<endpoint_core&>(node);
    const auto keep = self.shared_from_this();
    self.scheduled_ = false;
    if (self.loop_closed_) {
        self.self_.reset();
    } else if (self.loop_.is_closing()) {  // loop_closes() follows
    } else if (!self.made_) {
        self.make();
        if (self.lost_) self.schedule();
    } else if (self.lost_) {
        self.tell_lost();
    } else {
        self.go_on();
    }
}

void endpoint_core::make() {
    {
        const callback_in_context running(*this);
        try {
            tell_made();
        } catch (...) {
            report("Exception in callback protocol.connection_made()");
        }
    }
    made_ = true;
    wake_waiting();
    if (!closing_) go_on();
}

void endpoint_core::lose(std::exception_ptr why) noexcept {
    closing_ = lost_ = true;
    why_lost_ = std::move(why);
    if (!loop_.is_closing()) schedule();
}

void endpoint_core::tell_lost() {
    {
        const callback_in_context running(*this);
        try {
            protocol_->connection_lost(std::exchange(why_lost_, nullptr));
        } catch (...) {
            report("Exception in callback protocol.connection_lost()");
        }
    }
    over_ = true;
    shut();
    wake_waiting();
    context_.reset();
    const auto last = std::move(protocol_);
    self_.reset();  // run_step() has one more
}

void endpoint_core::loop_closes() noexcept {
    const auto keep = shared_from_this();
    made_ = closing_ = lost_ = over_ = loop_closed_ = true;
    shut();
    context_.reset();
    why_lost_ = nullptr;
    const auto last = std::move(protocol_);
    if (!scheduled_) self_.reset();  // else run_step() does it
}

void endpoint_core::wake_waiting() noexcept {
    for (transport_awaiter& w : waiting_) {
        if (over_ || w.until_ == transport_awaiter::until::made) w.wake();
    }
}

void endpoint_core::replace_protocol(std::shared_ptr<base_protocol> p) {
    if (depth_ > 0) replaced_.push_back(protocol_);
    protocol_ = std::move(p);
}

void endpoint_core::report(const char* message) noexcept { weft::report(loop_, message, std::current_exception()); }

void endpoint_core::note_lost_write() noexcept {
    if (loop_closed_ || ++lost_writes_ != lost_writes_reported) return;
    try {
        loop_.call_exception_handler(
            {.message = "a protocol keeps writing to " + name() + ", to which the connection is lost"});
    } catch (const std::bad_alloc&) {  // it is a hint
    }
}

// Flow control

void endpoint_core::set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    const std::size_t high_bytes = high.value_or(!low ? 64 * 1024 : *low > most / 4 ? most : 4 * *low);
    const std::size_t low_bytes = low.value_or(high_bytes / 4);
    if (low_bytes > high_bytes) {
        throw std::invalid_argument("set_write_buffer_limits: low (" + std::to_string(low_bytes) + ") is above high (" +
                                    std::to_string(high_bytes) + ")");
    }
    limits_ = {.low_bytes = low_bytes, .high_bytes = high_bytes};
    pause_writing_if_too_much();
}

void endpoint_core::pause_writing_if_too_much() {
    if (writing_paused_ || unsent() <= limits_.high_bytes) return;
    writing_paused_ = true;
    expect_output();
    const running_callback running(*this);
    try {
        protocol_->pause_writing();
    } catch (...) {
        report("protocol.pause_writing() failed");
    }
}

void endpoint_core::resume_writing_if_little() {
    if (lost_ || !writing_paused_ || unsent() > limits_.low_bytes) return;
    writing_paused_ = false;
    const callback_in_context running(*this);
    try {
        protocol_->resume_writing();
    } catch (...) {
        report("protocol.resume_writing() failed");
    }
}

}  // namespace weft::inline v0
