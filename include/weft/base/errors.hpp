// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// What weft throws besides std::system_error (everything the operating system says). Safe to use on any thread.
//
// As in Python, where they are BaseExceptions, cancelled_error and keyboard_interrupt are no std::exception, so that a
// `catch (const std::exception&)` that logs and goes on cannot swallow them.

namespace weft::inline v0 {

/// Raised at the await of a task that is being cancelled. Let it pass, or clean up and throw it on.
/// @see asyncio.CancelledError
class cancelled_error {
public:
    cancelled_error() = default;
    explicit cancelled_error(std::string message) : message_(std::move(message)) {}

    /// What cancel(message) was given; empty otherwise.
    const std::string& message() const noexcept { return message_; }

private:
    std::string message_;
};

/// Thrown by run() when SIGINT cancelled the main task and the task let the cancellation pass.
/// @see KeyboardInterrupt
class keyboard_interrupt : public cancelled_error {
public:
    keyboard_interrupt() : cancelled_error("interrupted by SIGINT") {}
};

/// A deadline passed. @see TimeoutError
class timeout_error : public std::runtime_error {
public:
    explicit timeout_error(const std::string& what = "timed out") : std::runtime_error(what) {}
};

/// An operation that the object's present state does not allow, such as the result of a task that is still running.
/// @see asyncio.InvalidStateError
class invalid_state_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// Thrown by whatever needs the running loop where there is none. @see asyncio.get_running_loop
class no_running_loop_error : public std::logic_error {
public:
    explicit no_running_loop_error(const std::string& what = "no running event loop on this thread")
        : std::logic_error(what) {}
};

/// Nothing can ever happen again, and tasks are waiting: what a loop on a virtual clock finds out.
class deadlock_error : public std::runtime_error {
public:
    explicit deadlock_error(std::vector<std::string> waiting);

    /// Each waiting task: its name, what it waits for, and its stack.
    const std::vector<std::string>& waiting() const noexcept { return waiting_; }

private:
    std::vector<std::string> waiting_;
};

}  // namespace weft::inline v0
