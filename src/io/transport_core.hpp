// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"
#include "io/endpoint_core.hpp"
#include "io/file_queue.hpp"
#include "io/stream_layer.hpp"

#include <weft/coro/task.hpp>
#include <weft/io/stream.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>

namespace weft::inline v0 {

class connection_link;

/// A protocol of either kind, and which it is.
struct protocol_slot {
    protocol_slot() noexcept = default;
    explicit protocol_slot(std::shared_ptr<protocol> p) : owner(p), plain(p.get()) {}
    explicit protocol_slot(std::shared_ptr<buffered_protocol> p) : owner(p), buffered(p.get()) {}

    std::shared_ptr<base_protocol> owner;
    protocol* plain = nullptr;
    buffered_protocol* buffered = nullptr;
};

/// The transport of a stream of bytes: what is unsent, what was received and not delivered, and how each direction ended.
/// A closing connection whose layer takes leave of the peer is finishing until that is over.
class transport_core final : public endpoint_core, public stream_sink {
public:
    static task<transport> connect(stream s, protocol_slot p);
    static task<> serve(stream s, protocol_slot p);

    /// Receives from now on; what comes before connection_made() is kept until then.
    /// @throws std::system_error  the kernel refuses to receive for want of resources; std::bad_alloc
    transport_core(event_loop& loop, std::unique_ptr<stream_layer> layer, protocol_slot p);
    ~transport_core() override;
    /// What was received of this connection before it was a transport's.
    void received_before(byte_buffer& bytes, bool ended, int error) noexcept;

    // Output
    std::size_t unsent() const noexcept override;
    std::uint64_t unsent_bytes() const noexcept override;
    void write(std::span<const std::byte> bytes) { write_pieces({&bytes, 1}); }
    void write_pieces(std::span<const std::span<const std::byte>> pieces);
    void write_eof();
    /// @throws invalid_state_error  the transport is closing, or its direction was ended
    void require_writable(const char* who) const;
    /// A part of a file, behind what was written before. @param who  is told of its end
    void write_file(send_file_awaiter& who, unique_fd file, std::uint64_t offset, std::uint64_t count);

    // Input
    void pause_reading() noexcept;
    void resume_reading();
    bool is_reading() const noexcept { return !closing_ && !reading_paused_ && files_.empty(); }

    void close();
    void abort();

    // Going over to another layer, which takes the present one with what is on its way there
    static transport_core& of(const transport& t) { return t.core(); }
    class handover;
    /// @throws invalid_state_error, std::system_error  it is not open in both directions
    void require_open(const char* who) const;
    /// Null once closed.
    stream_layer* layer() const noexcept { return layer_.get(); }
    /// For put_layer() to follow. @param sending  what the layer is sending; `pending` is to follow
    std::unique_ptr<stream_layer> take_layer(byte_buffer& received, byte_buffer& sending,
                                             byte_buffer& pending) noexcept;
    void put_layer(std::unique_ptr<stream_layer> layer);

    void set_protocol(protocol_slot p);
    /// Who keeps hold of the connection from outside: told when this goes. Null: nobody.
    void set_link(connection_link* l) noexcept { link_ = l; }
    const address& peer() const noexcept { return peer_; }
    /// For messages.
    std::string peer_name() const { return peer_.host.empty() ? nameless_peer_ : peer_.to_string(); }
    address local() const { return layer_ ? layer_->local() : address(); }
    native_handle descriptor() const noexcept { return layer_ ? layer_->descriptor() : -1; }

    void on_bytes(byte_buffer& bytes) override;
    void on_end() override;
    void on_receive_error(int error) override;
    void on_sent(int error) override;
    void on_failure(const std::exception_ptr& why) override;
    void on_finished(int error) override;
    void on_reader_gone() override;

private:
    void tell_made() override;
    void go_on() override;
    void shut() noexcept override;
    std::string name() const override { return peer_name(); }

    void receive_as_needed();
    bool holds() const noexcept {
        return !made_ || handing_over_ || reading_paused_ || !files_.empty() || !held_.empty();
    }
    void hold(std::span<const std::byte> bytes) noexcept;
    void deliver(byte_buffer& bytes);
    std::size_t deliver_to_buffered(std::span<const std::byte> bytes);
    void tell_end();
    void callback_failed(const char* message);

    bool keep_delivered(std::span<const std::byte> rest) noexcept;
    void start_sending(bool quietly);
    void expect_output() noexcept override {
        if (is_sending_ && layer_) layer_->expect_sent();
    }
    void after_output();
    bool is_flushed() const noexcept { return unsent() == 0 && files_.empty(); }
    byte_buffer& end_of_output() noexcept { return files_.end_of_output(pending_); }
    void drop_file(int error) noexcept;
    void on_file_sent(int error);
    void give_up_files(std::exception_ptr why) noexcept;
    void finish();
    std::exception_ptr error_of(const char* what, int error) const noexcept;
    void fail(const char* what, int error) noexcept;
    void force_close(std::exception_ptr why) noexcept;

    std::unique_ptr<stream_layer> layer_;
    protocol* plain_;  // one of these is the protocol,
    buffered_protocol* buffered_;  // the other null
    byte_buffer held_, pending_, sending_;  // what is in sending_ does not move until on_sent()
    file_queue files_;  // behind pending_
    byte_buffer* delivering_ = nullptr;  // what data_received() is being given, in its block
    std::exception_ptr failure_;  // what EPROTO stands for
    int receive_error_ = 0;  // not told yet
    bool receiving_ = false, reading_paused_ = false, handing_over_ = false;
    bool ended_ = false, end_told_ = false;  // the peer has ended its direction
    bool reader_gone_ = false;  // of what only sends
    bool is_sending_ = false, eof_wanted_ = false, eof_sent_ = false, finishing_ = false;
    address peer_;  // asked once: a connection that was reset has none
    const char* nameless_peer_;
    connection_link* link_ = nullptr;
};

/// While it lasts the protocol is told nothing of what comes in; afterwards it is.
class transport_core::handover {
public:
    explicit handover(transport_core& t) noexcept : transport_(t) { t.handing_over_ = true; }
    handover(const handover&) = delete;
    handover& operator=(const handover&) = delete;
    ~handover() {
        transport_.handing_over_ = false;
        if (!transport_.lost_ && !transport_.loop_.is_closing()) transport_.schedule();
    }

private:
    transport_core& transport_;
};

}  // namespace weft::inline v0
