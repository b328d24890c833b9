// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/io/protocol.hpp>
#include <weft/io/transport.hpp>
#include <weft/loop/event_loop.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// What all transports have in common: the life of the connection as its protocol is told of it, and when the protocol is
/// to pause writing. It keeps itself until connection_lost() has returned; handles may keep it longer, and find it over.
///
///     made -> closing -> lost -> over
///
/// made: connection_made() has been called, by the loop's ready queue. closing: nothing is received any more, what is
/// unsent is sent. lost: connection_lost() is in the ready queue. over: it has been called, and the connection is closed.
class endpoint_core : public loop_resource, public std::enable_shared_from_this<endpoint_core>, private ready_node {
public:
    endpoint_core(const endpoint_core&) = delete;
    endpoint_core& operator=(const endpoint_core&) = delete;
    virtual ~endpoint_core() = default;

    /// Schedules connection_made(). From here on it keeps itself.
    void start();

    bool is_made() const noexcept { return made_; }
    bool is_closing() const noexcept { return closing_; }
    bool is_over() const noexcept { return over_; }
    transport_awaiter until_made() { return {shared_from_this(), transport_awaiter::until::made}; }
    transport_awaiter until_lost() { return {shared_from_this(), transport_awaiter::until::lost}; }
    void wait(transport_awaiter& w) noexcept { waiting_.push_back(w); }
    std::shared_ptr<base_protocol> get_protocol() const { return protocol_; }

    /// Bytes written and not yet given to the kernel; 0 once it is lost.
    virtual std::size_t unsent() const noexcept = 0;
    write_buffer_limits limits() const noexcept { return limits_; }
    void set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low);

    void loop_closes() noexcept override;
    bool is_finishing() const noexcept override { return closing_ && !over_; }
    std::uint64_t unsent_bytes() const noexcept override { return unsent(); }
    std::string output_name() const override { return name(); }

protected:
    endpoint_core(event_loop& loop, std::shared_ptr<base_protocol> p);

    class running_callback;
    class callback_in_context;

    /// Calls connection_made().
    virtual void tell_made() = 0;
    /// Once it is made, and whenever schedule() was called since.
    virtual void go_on() = 0;
    /// Closes the connection, and gives back memory of the loop's.
    virtual void shut() noexcept = 0;
    /// Somebody waits for what is being sent.
    virtual void expect_output() noexcept {}
    /// For messages.
    virtual std::string name() const = 0;

    void schedule() noexcept;
    /// connection_lost(why) follows. Precondition: !lost_
    void lose(std::exception_ptr why) noexcept;
    void replace_protocol(std::shared_ptr<base_protocol> p);
    void pause_writing_if_too_much();
    void resume_writing_if_little();
    void note_lost_write() noexcept;
    void report(const char* message) noexcept;

    event_loop& loop_;  // until loop_closed_
    bool made_ = false, closing_ = false, lost_ = false, over_ = false;

private:
    static void run_step(ready_node& node);
    void make();
    void tell_lost();
    void wake_waiting() noexcept;

    bool loop_closed_ = false, scheduled_ = false, writing_paused_ = false, in_context_ = false;
    unsigned depth_ = 0;  // callbacks that run, one within another
    unsigned lost_writes_ = 0;
    std::shared_ptr<base_protocol> protocol_;
    std::vector<std::shared_ptr<base_protocol>> replaced_;  // while a callback of theirs may be running
    std::shared_ptr<endpoint_core> self_;
    context_reference context_;  // in which the loop calls back; the loop's while it does
    write_buffer_limits limits_{.low_bytes = 16 * 1024, .high_bytes = 64 * 1024};
    std::exception_ptr why_lost_;
    intrusive_list<transport_awaiter> waiting_;
};

/// While a callback runs: what it replaces is kept until it has returned.
class endpoint_core::running_callback {
public:
    explicit running_callback(endpoint_core& e) noexcept : endpoint_(e) { ++e.depth_; }
    running_callback(const running_callback&) = delete;
    running_callback& operator=(const running_callback&) = delete;
    ~running_callback() {
        if (--endpoint_.depth_ == 0 && !endpoint_.replaced_.empty()) std::exchange(endpoint_.replaced_, {}).clear();
    }

protected:
    endpoint_core& endpoint_;
};

/// A callback from the loop, in the context that the transport was made in: what one sets there, the next sees.
class endpoint_core::callback_in_context : running_callback {
public:
    explicit callback_in_context(endpoint_core& e) noexcept
        : running_callback(e), is_outermost_(!std::exchange(e.in_context_, true)) {
        if (is_outermost_) swap_contexts();
    }
    ~callback_in_context() {
        if (!is_outermost_) return;
        swap_contexts();
        endpoint_.in_context_ = false;
    }

private:
    void swap_contexts() noexcept { std::swap(endpoint_.loop_.present_context_to_change(), endpoint_.context_); }
    const bool is_outermost_;
};

}  // namespace weft::inline v0
