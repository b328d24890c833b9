// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"
#include "io/file_queue.hpp"
#include "io/stream_layer.hpp"

#include <weft/io/stream.hpp>
#include <weft/loop/event_loop.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>

namespace weft::inline v0 {

class transport_core;

/// Each counts as 1 GiB if it is more.
struct stream_limits {
    std::size_t read_bytes = 64 * 1024;
    std::size_t write_high_bytes = 64 * 1024;
    std::size_t write_low_bytes = 16 * 1024;
};

/// The state of a stream: what is buffered in both directions, who waits, and how it ended. Owned by its `stream`, or,
/// once that is destroyed with bytes still unsent, by itself until they are sent.
class stream_core final : public stream_sink, public loop_resource {
public:
    /// Of a wait that has a pointer to one of these, so many bytes behind its beginning.
    static constexpr wait_subject as_subject(std::size_t pointer_at) {
        return {wait_subject::thing::peer,
                {static_cast<std::uint16_t>(pointer_at), offsetof(stream_core, peer_.host),
                 offsetof(stream_core, peer_.port), offsetof(stream_core, nameless_peer_)}};
    }

    stream_core(event_loop& loop, std::unique_ptr<stream_layer> layer, const stream_limits& limits);
    ~stream_core();

    // Input
    byte_buffer& input() noexcept { return input_; }
    std::size_t unread() const noexcept { return input_.size() - lent_; }
    /// What is buffered, for who keeps looking at it until settle_lent(): it stays where it is, whatever comes.
    std::string_view view() noexcept {
        is_viewed_ = !input_.empty();
        return input_.text();
    }
    std::size_t limit() const noexcept { return read_limit_; }
    bool ended() const noexcept { return ended_; }
    int read_error() const noexcept { return read_error_; }
    bool receives() const noexcept { return !ended_ && !read_error_ && layer_; }
    /// No view is in use any more.
    void settle_lent() noexcept;
    /// The first `count` bytes, as a view of what is consumed already.
    std::string_view lend(std::size_t count) noexcept {
        lent_ = static_cast<std::uint32_t>(count);
        return view().substr(0, count);
    }
    void consume(std::size_t count) noexcept;
    bool has_reader() const noexcept { return reader_ != nullptr; }
    chunk take_chunk() noexcept;
    void set_reader(input_awaiter* r);
    void wake_reader() noexcept;
    void remove_reader(input_awaiter& r) noexcept {
        if (reader_ == &r) reader_ = nullptr;
    }
    [[noreturn]] void throw_read_error() const;

    // Output
    std::size_t unsent() const noexcept { return sending_.size() + pending_.size() + files_.unsent(); }
    bool is_flushed() const noexcept { return unsent() == 0 && (files_.empty() || files_.is_given_up()); }
    void set_write_limits(std::size_t high_bytes, std::size_t low_bytes) noexcept {
        write_high_ = bounded(high_bytes);
        write_low_ = bounded(low_bytes);
    }
    void require_writable() const;
    void write(std::span<const std::byte> bytes);
    void write(chunk&& bytes);
    void write_pieces(std::span<const std::span<const std::byte>> pieces);
    /// A part of a file, behind what was written before. @param who  is told of its end
    void write_file(send_file_awaiter& who, unique_fd file, std::uint64_t offset, std::uint64_t count);
    void write_eof();
    void close();
    /// Another than the owner closes it: whoever reads finds the end, behind what has come.
    void close_from_outside();
    void abort(int error) noexcept;
    bool is_closing() const noexcept { return closing_; }
    bool reached(output_awaiter::purpose p) const noexcept;
    void wait(output_awaiter& w) noexcept {
        if (!w.is_linked()) links_.push_back(w);
        expect_output();
    }
    /// Who is to be told of the stream's end.
    void add(stream_link& l) noexcept { links_.push_back(l); }
    void throw_write_error_if_any() const;

    event_loop& loop() const noexcept { return loop_; }
    const address& peer() const noexcept { return peer_; }
    /// For messages.
    std::string peer_name() const { return peer_.host.empty() ? nameless_peer_ : peer_.to_string(); }
    address local() const { return layer_ ? layer_->local() : address(); }
    native_handle descriptor() const noexcept { return layer_ ? layer_->descriptor() : -1; }

    /// Null once closed.
    stream_layer* layer() const noexcept { return layer_.get(); }
    /// For one that goes over it: takes the layer out, for put_layer() to follow; or for one that goes on with it in its
    /// own way. What was received and not read, which is that one's as well, is in input().
    std::unique_ptr<stream_layer> take_layer() noexcept;
    /// The connection is a transport's from here on, for who keeps hold of it.
    void hand_over_to(transport_core& t) noexcept;
    void put_layer(std::unique_ptr<stream_layer> layer);

    /// The owner lets go.
    void release() noexcept;

    void on_bytes(byte_buffer& bytes) override;
    std::span<std::byte> room(std::size_t bytes) override;
    void on_filled(std::size_t count) override;
    void on_end() override;
    void on_receive_error(int error) override;
    void on_sent(int error) override;
    void on_failure(const std::exception_ptr& why) override;
    void on_finished(int error) override;
    void loop_closes() noexcept override;
    bool is_finishing() const noexcept override { return ownerless_; }
    std::uint64_t unsent_bytes() const noexcept override;
    std::string output_name() const override { return peer_.host.empty() ? std::string() : peer_.to_string(); }

private:
    static std::uint32_t bounded(std::size_t bytes) noexcept {
        return static_cast<std::uint32_t>(std::min<std::size_t>(bytes, 1 << 30));
    }
    void receive_as_needed();
    /// Null if there is none that has not been woken.
    input_awaiter* waiting_reader() const noexcept { return reader_is_woken_ ? nullptr : reader_; }
    void wake_reader_if_satisfied();
    void tell_end_watches();
    void make_room(std::size_t more);
    void drop_viewed() noexcept;
    void wake_writers() noexcept;
    std::size_t try_send(std::span<const std::span<const std::byte>> pieces);
    void go_on_sending();
    void start_sending(bool quietly);
    /// Somebody waits for what is being sent.
    void expect_output() noexcept {
        if (is_sending_ && layer_) layer_->expect_sent();
    }
    void after_output();
    void lose_output(int error) noexcept;
    void fail_output(int error) noexcept;
    void finish() noexcept;
    void shut() noexcept;
    void on_file_sent(int error);
    void give_up_files(int error) noexcept;
    std::exception_ptr file_error(int error) noexcept;
    void note_failure(int error) noexcept;
    byte_buffer& end_of_output() noexcept { return files_.end_of_output(pending_); }
    [[noreturn]] void throw_error(const char* what, int error) const;

    event_loop& loop_;
    std::unique_ptr<stream_layer> layer_;  // null once closed
    file_queue files_;  // behind pending_
    byte_buffer input_, pending_, sending_;  // what is in sending_ does not move until on_sent()
    // Whoever waits is known here until it resumes, woken or not: the stream may be destroyed before.
    input_awaiter* reader_ = nullptr;
    intrusive_list<stream_link> links_;  // those who wait for output are output_awaiters
    std::exception_ptr failure_;  // what EPROTO stands for
    std::uint32_t lent_ = 0;  // at the front of input_: consumed already, but a view of it may be in use
    int read_error_ = 0, write_error_ = 0;
    std::uint32_t read_limit_, write_high_, write_low_;
    bool reader_is_woken_ : 1 = false;  // bits: there may be many streams
    bool receiving_ : 1 = false;
    bool is_viewed_ : 1 = false;  // what is in input_ must stay where it is
    bool keeps_viewed_ : 1 = false;  // what had to stay is in another block, which that of input_ begins by naming
    bool ended_ : 1 = false;  // the peer has ended its direction
    bool is_sending_ : 1 = false;
    bool eof_wanted_ : 1 = false, eof_sent_ : 1 = false;
    bool closing_ : 1 = false, finishing_ : 1 = false;
    bool output_lost_ : 1 = false;
    bool ownerless_ : 1 = false;
    address peer_;  // asked once: a connection that was reset has none
    const char* nameless_peer_;
};

}  // namespace weft::inline v0
