// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"
#include "io/stream_layer.hpp"

#include <weft/coro/task.hpp>
#include <weft/io/protocol.hpp>
#include <weft/io/stream.hpp>
#include <weft/loop/event_loop.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// A protocol of either kind, and which it is.
struct protocol_slot {
    protocol_slot() noexcept = default;
    explicit protocol_slot(std::shared_ptr<protocol> p);
    explicit protocol_slot(std::shared_ptr<buffered_protocol> p);

    std::shared_ptr<base_protocol> owner;
    protocol* plain = nullptr;
    buffered_protocol* buffered = nullptr;
};

/// The state of a transport: its protocol, what is unsent, and how far it has come. It keeps itself until connection_lost()
/// has returned; handles may keep it longer, and find it over.
///
///     made -> (receiving | paused)* -> closing -> lost -> over
///
/// made: connection_made() has been called, by the loop's ready queue. closing: nothing is received any more, what is
/// unsent is sent. lost: connection_lost() is in the ready queue. over: it has been called, and the connection is closed.
class transport_core final : public stream_sink,
                             public loop_resource,
                             public std::enable_shared_from_this<transport_core>,
                             private ready_node {
public:
    static task<transport> connect(stream s, protocol_slot p);
    static task<> serve(stream s, protocol_slot p);

    /// Receives from now on; what comes before connection_made() is kept until then.
    /// @throws std::system_error  the kernel refuses to receive for want of resources
    transport_core(event_loop& loop, std::unique_ptr<stream_layer> layer, protocol_slot p);
    ~transport_core();
    /// What was received of this connection before it was a transport's.
    void received_before(byte_buffer& bytes, bool ended, int error) noexcept;
    /// Schedules connection_made(). From here on it keeps itself.
    void start();

    // Output
    std::size_t unsent() const noexcept { return lost_ ? 0 : sending_.size() + pending_.size(); }
    void write(std::span<const std::byte> bytes) { write_pieces({&bytes, 1}); }
    void write_pieces(std::span<const std::span<const std::byte>> pieces);
    void write_eof();
    write_buffer_limits limits() const noexcept { return limits_; }
    void set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low);

    // Input
    void pause_reading() noexcept;
    void resume_reading();
    bool is_reading() const noexcept { return !closing_ && !reading_paused_; }

    // Ending
    void close();
    void abort();
    bool is_closing() const noexcept { return closing_; }

    bool is_made() const noexcept { return made_; }
    bool is_over() const noexcept { return over_; }
    void wait(transport_awaiter& w) noexcept { waiting_.push_back(w); }

    void set_protocol(protocol_slot p);
    std::shared_ptr<base_protocol> get_protocol() const { return protocol_.owner; }
    const address& peer() const noexcept { return peer_; }
    address local() const { return layer_ ? layer_->local() : address(); }

    void on_bytes(byte_buffer& bytes) override;
    void on_end() override;
    void on_receive_error(int error) override;
    void on_sent(int error) override;
    void loop_closes() noexcept override;
    bool is_finishing() const noexcept override { return closing_ && !over_; }

private:
    class running_callback;
    class callback_in_context;

    static void run_step(ready_node& node);
    void schedule() noexcept;
    void make();
    void lose();

    void deliver(byte_buffer& bytes);
    std::size_t deliver_to_buffered(std::span<const std::byte> bytes);
    void hold(std::span<const std::byte> bytes) noexcept;
    void deliver_held();
    void tell_end();
    void receive_as_needed();
    bool holds() const noexcept { return !made_ || reading_paused_ || !held_.empty(); }

    bool keep_delivered(std::span<const std::byte> rest) noexcept;
    void start_sending();
    void after_output();
    void pause_writing_if_too_much();
    void resume_writing_if_little();
    void note_lost_write() noexcept;

    void callback_failed(const char* message);
    void fail(const char* what, int error);
    void force_close(std::exception_ptr why) noexcept;
    void wake(transport_awaiter::until u) noexcept;

    event_loop& loop_;  // until loop_closed_
    std::unique_ptr<stream_layer> layer_;
    protocol_slot protocol_;
    std::vector<std::shared_ptr<base_protocol>> replaced_;  // while a callback of theirs may be running
    std::shared_ptr<transport_core> self_;
    context_reference context_;  // in which the loop calls back; the loop's while it does
    write_buffer_limits limits_{.low_bytes = 16 * 1024, .high_bytes = 64 * 1024};
    byte_buffer held_, pending_, sending_;  // what is in sending_ does not move until on_sent()
    byte_buffer* delivering_ = nullptr;     // what data_received() is being given, in its block
    std::exception_ptr why_lost_;
    intrusive_list<transport_awaiter> waiting_;
    int receive_error_ = 0;  // not told yet
    unsigned depth_ = 0;     // callbacks that run, one within another
    unsigned lost_writes_ = 0;
    bool scheduled_ = false;
    bool made_ = false, closing_ = false, lost_ = false, over_ = false, loop_closed_ = false;
    bool receiving_ = false, reading_paused_ = false;
    bool ended_ = false, end_told_ = false;  // the peer has ended its direction
    bool is_sending_ = false, writing_paused_ = false;
    bool eof_wanted_ = false, eof_sent_ = false;
    address peer_;  // asked once: a connection that was reset has none
};

/// While a callback runs: what it replaces is kept until it has returned.
class transport_core::running_callback {
public:
    explicit running_callback(transport_core& t) noexcept : transport_(t) { ++t.depth_; }
    running_callback(const running_callback&) = delete;
    running_callback& operator=(const running_callback&) = delete;
    ~running_callback() {
        if (--transport_.depth_ == 0 && !transport_.replaced_.empty()) std::exchange(transport_.replaced_, {}).clear();
    }

protected:
    transport_core& transport_;
};

/// A callback from the loop, in the context that the transport was made in: what one sets there, the next sees.
class transport_core::callback_in_context : running_callback {
public:
    explicit callback_in_context(transport_core& t) noexcept : running_callback(t) { swap_contexts(); }
    ~callback_in_context() { swap_contexts(); }

private:
    void swap_contexts() noexcept { std::swap(transport_.loop_.present_context_to_change(), transport_.context_); }
};

}  // namespace weft::inline v0
