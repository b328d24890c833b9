// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"
#include "io/stream_layer.hpp"
#include "loop/backend.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/exec/blocking_job.hpp>
#include <weft/loop/waiter.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

namespace weft::inline v0 {

class file_sender;

/// Suspends a task until a file is sent. Cancelled or destroyed, the file is sent all the same, as what write() took.
class send_file_awaiter : public waiter {
public:
    /// To be given to the file_sender that will tell it.
    send_file_awaiter() noexcept : waiter(kind_) {}
    ~send_file_awaiter();
    bool await_ready() const noexcept { return !sender_; }
    void start() const noexcept {}
    /// @return how many bytes were sent
    std::uint64_t await_resume();
    /// So far.
    std::uint64_t sent() const noexcept;

private:
    friend class file_sender;
    static const wait_kind kind_;
    file_sender* sender_ = nullptr;  // null: it has ended
    std::uint64_t sent_ = 0;
    std::exception_ptr error_;
};

/// Sends a part of a file as a piece of a stream's output: to a socket by sendfile(2), to another layer, or what that cannot
/// send, by reading and sending. Both read the file on the default executor, for a disk may block. Destroying it gives up.
class file_sender {
public:
    /// Told once, from the loop's dispatch or ready queue; may destroy this.
    using ended = void (*)(void* owner, int error);

    file_sender(event_loop& loop, send_file_awaiter& who, unique_fd file, std::uint64_t offset, std::uint64_t count);
    file_sender(const file_sender&) = delete;
    file_sender& operator=(const file_sender&) = delete;
    ~file_sender();

    byte_buffer behind;  ///< what was written meanwhile
    std::unique_ptr<file_sender> next;  ///< behind that

    /// Begins. @throws std::system_error, invalid_state_error  the executor was shut down
    void start(stream_layer& layer, ended tell, void* owner);
    bool is_started() const noexcept { return layer_ != nullptr; }
    /// Bytes of the file that were not sent yet, or, to a layer that is no socket, not given to it: as far as the file went
    /// when it was given to this. 0 of one that does not say how far it goes, as those of /proc.
    std::uint64_t left() const noexcept { return offset_ < end_ ? std::min(left_, end_ - offset_) : 0; }
    /// The layer has sent the bytes it was given.
    void on_sent(int error);

    /// That it ended by `error` says nothing of the connection: that is the file's or our own, and nothing of it was sent.
    bool fails_alone(int error) const noexcept;

    /// Gives up, and leaves in place what the layer may be sending from.
    /// @return that it is: on_sent() of the layer's follows; else nothing does
    bool stop() noexcept;
    bool is_stopped() const noexcept { return !file_; }
    /// It is over: whoever waits goes on, or need not begin.
    void tell(const std::exception_ptr& error) noexcept;

private:
    friend class send_file_awaiter;
    struct waiting_for_room : writable_operation {
        explicit waiting_for_room(file_sender& s) noexcept : writable_operation(completed), sender(s) {}
        static void completed(operation& op, const completion& c);
        file_sender& sender;
    };
    template <class F>
    void have_done(F call);
    void go_on();
    void take_result();
    void go_on_or_end();
    void end(int error) { ended_(owner_, error); }

    event_loop& loop_;
    std::shared_ptr<unique_fd> file_, socket_;  // with the job: their numbers are not used again under it
    std::shared_ptr<std::vector<std::byte>> read_;  // not by sendfile(2)
    std::uint64_t offset_, left_, sent_ = 0;
    const std::uint64_t end_;  // of the file, as it was at first
    bool is_awaited_ = false;  // the layer is sending from read_
    stream_layer* layer_ = nullptr;
    ended ended_ = nullptr;
    void* owner_ = nullptr;
    send_file_awaiter* waiter_;
    job_pointer job_;
    waiting_for_room writable_;
};

}  // namespace weft::inline v0
