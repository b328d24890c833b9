// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/sync/ring_buffer.hpp>
#include <weft/sync/waiting_line.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace weft::inline v0 {

/// A value was sent on a channel that is closed, or such a one was closed again.
class channel_closed : public std::runtime_error {
public:
    explicit channel_closed(const std::string& what) : std::runtime_error(what) {}
};

/// The part of a channel that does not depend on what is sent on it.
class channel_core : public loop_bound {
public:
    /// No more values can be sent. @throws channel_closed  it is closed already
    void close();
    bool closed() const noexcept { return closed_; }
    /// How many values it keeps for receivers to come; 0: none, sender and receiver meet.
    std::size_t capacity() const noexcept { return capacity_; }

protected:
    explicit channel_core(std::size_t capacity) noexcept : receivers_(*this), senders_(*this), capacity_(capacity) {}
    ~channel_core() = default;

    [[noreturn]] static void refuse_send();

    static const wait_kind send_kind_, receive_kind_;
    waiting_line receivers_, senders_;

private:
    std::size_t capacity_;
    bool closed_ = false;
};

/// Go's: values pass from task to task, first come, first served on both sides, and the end is told by closing.
///
///     co_await c.send(1);                                  // in one task; at the end: c.close()
///     while (auto v = co_await c.receive()) use(*v);       // in another
///
/// A value is **sent** when a waiting receiver has been woken for it, a receiver has come for it, or the channel has room to
/// keep it. From then on the send is complete, whatever becomes of the sender: one that is cancelled between then and its
/// resumption returns as if it had not been, and the cancellation is raised at its next await. A send that was cancelled
/// earlier has not happened, and its value goes with the await. A value whose receiver is cancelled, or loses in a select,
/// stays in the channel, before all others, even beyond its capacity.
///
/// When a channel is destroyed, whoever waits gets an invalid_state_error, and its values are destroyed.
/// @thread its loop's, the one where it was first waited for
template <class T>
class channel : public channel_core {
public:
    using value_type = T;
    class send_awaiter;
    class receive_awaiter;

    /// @param capacity  how many values it keeps for receivers to come; 0: none, sender and receiver meet
    explicit channel(std::size_t capacity = 0) noexcept : channel_core(capacity) {}

    /// Waits until the value can be sent.
    /// @throws awaited: channel_closed; cancelled_error; invalid_state_error  it is bound to another loop, or was destroyed
    /// @cancel nothing was sent, and the value goes with the await  @cost no allocation, unless more is kept than ever before
    [[nodiscard("send() does nothing unless it is awaited")]] send_awaiter send(T value) {
        return send_awaiter(*this, std::move(value));
    }
    /// @return awaited: the next value; empty when the channel is closed and nothing is left
    /// @throws awaited: cancelled_error; invalid_state_error  as send()
    /// @cancel no value is lost  @cost no allocation
    [[nodiscard("receive() does nothing unless it is awaited")]] receive_awaiter receive() noexcept {
        return receive_awaiter(*this);
    }

    /// @return whether it was sent; if not, `value` is left alone  @throws channel_closed
    template <class U = T>
        requires std::constructible_from<T, U>
    [[nodiscard]] bool try_send(U&& value) {
        check_caller("channel: try_send()");
        if (closed()) refuse_send();
        if (!can_send()) return false;
        accept(std::forward<U>(value));
        return true;
    }
    /// @return the next value; empty if there is none now, or never will be (see closed())
    std::optional<T> try_receive() {
        check_caller("channel: try_receive()");
        if (!can_receive()) return std::nullopt;
        return take(0);
    }

    /// How many values it keeps that are not promised to receivers who waited.
    std::size_t size() const noexcept { return values_.size() - receivers_.chosen(); }
    bool empty() const noexcept { return size() == 0; }

private:
    /// It was closed, and has nothing left, not even what is promised.
    bool is_drained() const noexcept { return closed() && values_.empty(); }
    bool can_send() const noexcept { return size() < capacity() || receivers_.next(); }
    template <class U>
    void accept(U&& value) {
        values_.push(std::forward<U>(value));
        receivers_.choose();
    }
    /// Lets the first sender that waits complete. @return false if there is none
    bool admit();
    /// There is a value for one more receiver, fetched from a sender if need be.
    bool can_receive() { return size() > 0 || admit(); }
    /// A value, which can be received. Senders come in first, for what they throw must not cost a value.
    /// @param promised  1 if the value is promised, so that size() does not count it; else 0
    std::optional<T> take(std::size_t promised) {
        while (size() + promised <= capacity() && admit()) {
        }
        std::optional<T> value(std::move(values_.front()));
        values_.drop_front();
        if (is_drained()) [[unlikely]]
            receivers_.serve_all();
        return value;
    }

    ring_buffer<T> values_;
};

/// Served: its value has been sent, or the channel was closed.
template <class T>
class channel<T>::send_awaiter : public line_waiter {
public:
    send_awaiter(channel& c, T&& value) : line_waiter(send_kind_, c.senders_), channel_(&c), value_(std::move(value)) {}
    ~send_awaiter() { abandon(); }

    bool await_ready() {
        channel_->check_caller("channel: send()");
        if (!channel_->closed()) {
            if (!channel_->can_send()) return false;
            channel_->accept(std::move(value_));
            is_sent_ = true;
        }
        is_served_at_once();
        return true;
    }
    void await_resume() {
        if (is_sent_) return;  // a cancellation that has come since is too late here
        arrive();
        refuse_send();
    }
    void abandon() noexcept { leave(); }
    /// For select: its value has been sent.
    bool cannot_be_undone() const noexcept { return is_sent_; }
    friend weft::task<> to_task(send_awaiter&& a) { return sending(line_link(a), *a.channel_, std::move(a.value_)); }

private:
    friend class channel;
    static weft::task<> sending(line_link at, channel& c, T value) {
        at.require();
        co_await c.send(std::move(value));
    }

    channel* channel_;
    T value_;
    bool is_sent_ = false;
};

/// Chosen: a value is promised to it; served: the channel was closed, and has nothing left.
template <class T>
class channel<T>::receive_awaiter : public line_waiter {
public:
    explicit receive_awaiter(channel& c) noexcept : line_waiter(receive_kind_, c.receivers_), channel_(&c) {}
    ~receive_awaiter() { abandon(); }

    bool await_ready() {
        channel_->check_caller("channel: receive()");
        if (channel_->can_receive()) {
            is_chosen_at_once();
            return true;
        }
        if (!channel_->is_drained()) return false;
        is_served_at_once();
        return true;
    }
    std::optional<T> await_resume() {
        arrive();
        if (at() == stage::served) return std::nullopt;
        try {
            std::optional<T> value = channel_->take(1);
            leave();
            return value;
        } catch (...) {
            abandon();  // now: what is awaited may outlive the await
            throw;
        }
    }
    void abandon() noexcept {
        if (leave() == stage::chosen && !channel_->empty()) channel_->receivers_.choose();
    }
    friend weft::task<std::optional<T>> to_task(receive_awaiter&& a) { return receiving(line_link(a), *a.channel_); }

private:
    static weft::task<std::optional<T>> receiving(line_link at, channel& c) {
        at.require();
        co_return co_await c.receive();
    }

    channel* channel_;
};

template <class T>
bool channel<T>::admit() {
    auto* const s = static_cast<send_awaiter*>(senders_.next());
    if (!s) return false;
    values_.push(std::move(s->value_));
    s->is_sent_ = true;
    senders_.serve(*s);
    return true;
}

}  // namespace weft::inline v0
