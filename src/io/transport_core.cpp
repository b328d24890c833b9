// SPDX-License-Identifier: Apache-2.0
#include "io/transport_core.hpp"

#include <string>
#include <system_error>

namespace weft::inline v0 {

protocol_slot::protocol_slot(std::shared_ptr<protocol> p) : owner(p), plain(p.get()) {}
protocol_slot::protocol_slot(std::shared_ptr<buffered_protocol> p) : owner(p), buffered(p.get()) {}

transport_core::transport_core(event_loop& loop, std::unique_ptr<stream_layer> layer, protocol_slot p)
    : loop_(loop),
      layer_(std::move(layer)),
      protocol_(std::move(p)),
      context_(context_to_carry()),
      held_(*loop.buffers()),
      pending_(*loop.buffers()),
      sending_(*loop.buffers()),
      peer_(layer_->peer()) {
    run = &transport_core::run_step;
    layer_->receive(*this);
    receiving_ = true;
    loop_.attach(*this);
}

transport_core::~transport_core() { layer_.reset(); }  // before what it may be sending from

void transport_core::received_before(byte_buffer& bytes, bool ended, int error) noexcept {
    held_.swap(bytes);
    ended_ = ended;
    receive_error_ = error;
}

// From one state to the next, in the ready queue

void transport_core::start() {
    self_ = shared_from_this();
    schedule();
}

void transport_core::schedule() noexcept {
    if (std::exchange(scheduled_, true)) return;
    loop_.make_ready(*this);
}

void transport_core::run_step(ready_node& node) {
    auto& self = static_cast<transport_core&>(node);
    const auto keep = self.shared_from_this();
    self.scheduled_ = false;
    if (self.loop_.is_closing()) {
        if (self.loop_closed_) self.self_.reset();
    } else if (!self.made_) {
        self.make();
        if (self.lost_) self.schedule();
    } else if (self.lost_) {
        self.lose();
    } else {
        self.deliver_held();
    }
}

void transport_core::make() {
    {
        const callback_in_context running(*this);
        try {
            const transport handle(shared_from_this());
            protocol_.plain ? protocol_.plain->connection_made(handle) : protocol_.buffered->connection_made(handle);
        } catch (...) {
            loop_.call_exception_handler(
                {.message = "Exception in callback protocol.connection_made()", .exception = std::current_exception()});
        }
    }
    made_ = true;
    wake(transport_awaiter::until::made);
    deliver_held();
}

void transport_core::lose() {
    {
        const callback_in_context running(*this);
        try {
            protocol_.owner->connection_lost(std::exchange(why_lost_, nullptr));
        } catch (...) {
            loop_.call_exception_handler(
                {.message = "Exception in callback protocol.connection_lost()", .exception = std::current_exception()});
        }
    }
    over_ = true;
    layer_.reset();
    for (byte_buffer* b : {&held_, &pending_, &sending_}) b->clear();
    wake(transport_awaiter::until::lost);
    context_.reset();
    const protocol_slot last = std::exchange(protocol_, {});
    self_.reset();  // run_step() has one more
}

void transport_core::wake(transport_awaiter::until u) noexcept {
    for (transport_awaiter& w : waiting_) {
        if (w.until_ == u || over_) w.wake();
    }
}

void transport_core::loop_closes() noexcept {
    made_ = closing_ = lost_ = over_ = loop_closed_ = true;
    layer_.reset();
    for (byte_buffer* b : {&held_, &pending_, &sending_}) b->clear();  // the memory is the loop's
    context_.reset();
    const protocol_slot last = std::exchange(protocol_, {});
    const auto keep = shared_from_this();
    if (!scheduled_) self_.reset();  // else run_step() does it
}

void transport_core::close() {
    if (closing_) return;
    closing_ = true;
    receive_as_needed();
    after_output();
}

void transport_core::abort() {
    if (layer_ && !lost_) layer_->reset();
    force_close(nullptr);
}

/// Ends the connection, whatever is unsent.
void transport_core::force_close(std::exception_ptr why) noexcept {
    if (lost_) return;
    if (unsent() > 0) layer_->reset();  // the peer is not to take what it got for all of it
    closing_ = lost_ = true;
    why_lost_ = std::move(why);
    receive_as_needed();
    if (!loop_.is_closing()) schedule();
}

void transport_core::fail(const char* what, int error) {
    force_close(std::make_exception_ptr(
        std::system_error(error, std::generic_category(), std::string(what) + peer_.to_string())));
}

void transport_core::set_protocol(protocol_slot p) {
    if (over_) return;
    if (depth_ > 0) replaced_.push_back(protocol_.owner);
    protocol_ = std::move(p);
}

}  // namespace weft::inline v0
