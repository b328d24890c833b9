// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"
#include "loop/loop_observer.hpp"
#include "loop/operation.hpp"

#include <weft/base/clock.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// Carries operations out. One belongs to one loop; all but wake() is called on the loop's thread.
///
/// A turn of the loop is wait(), which hands over what was submitted and sleeps, and touches no operation; then
/// dispatch(), which calls on_complete of everything that has happened.
class backend {
public:
    /// @param buffers  where received bytes lie; shared with the loop and with whoever has taken a block
    explicit backend(std::shared_ptr<buffer_pool> buffers = std::make_shared<buffer_pool>()) noexcept
        : buffers_(std::move(buffers)) {}
    virtual ~backend() = default;
    const std::shared_ptr<buffer_pool>& buffers() const noexcept { return buffers_; }
    virtual const char* name() const noexcept = 0;
    /// Its clock is none of the system's.
    virtual bool has_virtual_clock() const noexcept { return false; }

    /// Starts an operation. It stays where it is until it is complete or cancelled.
    /// @throws std::system_error  the kernel refuses it for want of resources  @throws std::bad_alloc  there is no room to
    ///     remember it in; see refusal()
    virtual void submit(operation& op) = 0;

    /// Ends an operation: from here on on_complete is not called and the operation may die. What it still brings is
    /// dropped; an accepted descriptor among that is closed. Does nothing to one that is not submitted.
    virtual void cancel(operation& op) noexcept = 0;

    /// Stops receiving until resume(). Bytes that have left the socket already still come.
    virtual void pause(receive_operation& op) noexcept = 0;
    virtual void resume(receive_operation& op) = 0;

    /// Somebody waits for the end of a quiet send now.
    virtual void expect(send_operation&) noexcept {}

    /// It takes file operations.
    virtual bool carries_files() const noexcept { return false; }

    /// Sends at once what the kernel takes without waiting, if that is cheaper here than submitting it.
    /// @return bytes taken, 0 for "submit it", or -errno
    virtual std::ptrdiff_t try_send(native_handle fd, std::span<const std::byte> bytes) noexcept = 0;
    /// The same for several pieces; perhaps only for the first of them.
    virtual std::ptrdiff_t try_send_pieces(native_handle fd,
                                           std::span<const std::span<const std::byte>> pieces) noexcept = 0;
    /// The same for a pipe.
    virtual std::ptrdiff_t try_write(native_handle fd, std::span<const std::byte> bytes) noexcept;
    /// Sends a message at once, if the kernel takes it without waiting. `op` is not submitted.
    /// @return its length, -EAGAIN for "later", or -errno
    virtual int try_send_message(const send_message_operation& op) noexcept;

    /// A descriptor is from here on, until close(), a stream's, server's or socket's of the loop: nobody else is to wait for
    /// it. Whoever holds one that users can learn of claims it, whether or not an operation is under way. Idempotent.
    /// @throws std::bad_alloc  @cost a bit for each number
    virtual void claim(native_handle fd);
    virtual bool is_claimed(native_handle fd) const noexcept;

    /// Closes a descriptor that operations were submitted for, or that was claimed; all of them are complete or cancelled.
    virtual void close(native_handle fd) noexcept = 0;

    /// Submits, then waits until something happens or the clock reaches `deadline` (0: not at all; `never`).
    /// @return false if nothing can ever happen (only a virtual clock knows)
    virtual bool wait(nanos deadline) = 0;
    virtual void dispatch() = 0;
    /// The last wait() has brought something for dispatch().
    virtual bool has_happened() const noexcept = 0;

    /// Calls `visit` for each operation that is submitted and neither complete nor cancelled.
    virtual void for_each_submitted(const std::function<void(const operation&)>& visit) const = 0;

    /// Who is told of each operation; null for nobody.
    virtual void set_observer(loop_observer* o) noexcept { observer_ = o; }

    /// Submits without waiting: before somebody else waits on poll_fd().
    virtual void flush() = 0;

    /// Ends the present or next wait(). Callable from any thread and from a signal handler.
    virtual void wake() noexcept = 0;

    /// This is a copy, in a forked child, of a loop that goes on in the parent: from here on the kernel's objects that both
    /// share are left alone; cancel() and close() only forget and close.
    virtual void abandon() noexcept = 0;

    /// Readable when wait() would not block.
    virtual native_handle poll_fd() const noexcept = 0;

    virtual nanos now() const noexcept;

    /// Calls under way on other threads whose ends will come with a wake(). Only a virtual clock asks.
    int calls_elsewhere = 0;

protected:
    /// close() is to call this, before the number can be used again.
    void disclaim(native_handle fd) noexcept;

    /// What every submit() and cancel() of an operation that is carried out here comes to, and every end of one.
    void has_submitted(const operation& op) noexcept {
        if (observer_) [[unlikely]]
            observer_->submitted(op);
    }
    void is_cancelling(const operation& op) noexcept {
        if (observer_) [[unlikely]]
            observer_->cancelled(op);
    }
    void deliver(operation& op, const completion& c) {
        if (observer_) [[unlikely]]
            observer_->completed(op, c);
        op.on_complete(op, c);
    }

private:
    loop_observer* observer_ = nullptr;
    std::shared_ptr<buffer_pool> buffers_;
    std::vector<bool> claimed_;  // by descriptor
};

/// In a handler of what submit() has thrown: the errno of it. What else was thrown goes on.
int refusal();
/// In a handler of what carrying something out has thrown, here or on another thread: the errno that says it. ECANCELED for
/// what has none, such as that there is no executor any more.
int errno_of_failure() noexcept;

std::unique_ptr<backend> make_epoll_backend();
/// @throws std::system_error  the kernel has no io_uring, an old one, or forbids it
std::unique_ptr<backend> make_io_uring_backend();

/// A backend, and why it is that one.
struct chosen_backend {
    std::unique_ptr<backend> made;
    std::string why;  ///< "WEFT_BACKEND asks for it", or what another one failed with
    bool is_second_choice = false;
};
/// The one named by WEFT_BACKEND, else io_uring where it works, else epoll.
/// @throws std::invalid_argument  WEFT_BACKEND names none  @throws std::system_error  the one it names does not work here
chosen_backend choose_backend();
/// The same, saying on stderr, once a process, that it is the second choice.
std::unique_ptr<backend> make_backend();

/// Something of io_uring's that a kernel has or has not.
struct io_uring_part {
    const char* name;
    const char* use;  ///< what weft does with it
    bool is_there;
};
/// What the io_uring backend uses. @throws std::system_error  as make_io_uring_backend
std::vector<io_uring_part> probe_io_uring();

}  // namespace weft::inline v0
