// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// What weft throws besides std::system_error (everything the operating system says). Safe to use on any thread.
//
// As in Python, where they are BaseExceptions, cancelled_error, keyboard_interrupt and generator_exit are no
// std::exception, so that a `catch (const std::exception&)` that logs and goes on cannot swallow them.

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

/// Raised at the co_yield where a generator is suspended when it is closed. Let it pass, or clean up and either return or
/// throw it on. @see GeneratorExit
class generator_exit {};

/// A generator was entered while it runs: by its own body, or by a second await of an async generator.
class generator_already_running : public invalid_state_error {
public:
    explicit generator_already_running(const std::string& what = "generator already executing")
        : invalid_state_error(what) {}
};

/// send() to a generator that has not reached its first co_yield: nothing is there to take the value. Call next() first.
class generator_not_started : public invalid_state_error {
public:
    explicit generator_not_started(
        const std::string& what = "can't send a value to a just-started generator: call next() first")
        : invalid_state_error(what) {}
};

/// Raised at a `co_yield from(…)` when what it delegates to takes no values and one is sent.
class generator_cannot_send : public std::logic_error {
public:
    explicit generator_cannot_send(
        const std::string& what = "a value was sent, but what the generator delegates to takes none")
        : std::logic_error(what) {}
};

/// close() found the generator yielding again in place of ending. It is suspended there, and usable.
class generator_ignored_exit : public std::runtime_error {
public:
    explicit generator_ignored_exit(const std::string& what = "generator ignored generator_exit")
        : std::runtime_error(what) {}
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
