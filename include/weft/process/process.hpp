// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/coro/task.hpp>
#include <weft/io/as_text.hpp>
#include <weft/io/stream.hpp>
#include <weft/loop/waiter.hpp>
#include <weft/process/exit_status.hpp>
#include <weft/process/process_options.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0 {

class child_core;

/// Suspends a task until a child process has ended.
class [[nodiscard("await it")]] exit_awaiter : public waiter, public list_node {
public:
    explicit exit_awaiter(std::shared_ptr<child_core> c) noexcept : waiter(kind_), child_(std::move(c)) {}
    ~exit_awaiter() { abandon(); }

    bool await_ready() const;
    exit_status await_resume();
    void start();
    void abandon() noexcept { list_node::unlink(); }

    /// For wait_for(), create_task(), gather() and the like.
    friend weft::task<exit_status> to_task(exit_awaiter&& w);

private:
    friend class child_core;
    void ended() noexcept { this->wake(); }
    static const wait_kind kind_;
    std::shared_ptr<child_core> child_;
};

/// What a child has written to its pipes; empty for one that is no pipe.
struct process_output {
    std::string out, err;
};

/// A child process. Destroying this closes the pipes and does not end the child: the loop reaps it when it ends. A loop
/// that closes kills (SIGKILL) and reaps the children that still run, but for those that were detached.
///
/// The loop sees the end of a child by its pidfd; there is no handler of SIGCHLD. Nobody else may reap the children of the
/// process (a program that ignores SIGCHLD, or waits for just any child): what then cannot be known any more is reported to
/// the loop's exception handler once, and is exit_status::unknown().
/// @thread its loop's  @see asyncio.subprocess.Process
class process {
public:
    process() noexcept = default;
    /// For spawn_process().
    explicit process(std::shared_ptr<child_core> c) noexcept : child_(std::move(c)) {}
    process(process&&) noexcept = default;
    process& operator=(process&&) noexcept = default;
    explicit operator bool() const noexcept { return child_ != nullptr; }

    /// The ends of its pipes, where pipes were asked for.
    stream stdin_, stdout_, stderr_;

    int pid() const;
    /// Empty until its end has been noticed, which wait() waits for.
    std::optional<exit_status> status() const;
    std::optional<int> returncode() const;

    /// Waits until it has ended. Any number of tasks may. A child that fills a pipe which nobody reads does not end.
    /// @cancel the child goes on  @see Process.wait, waitid(2)
    exit_awaiter wait() const { return exit_awaiter(child()); }

    /// Sends `input` to its stdin and closes that, reads stdout and stderr to their ends, and waits until it has ended. A
    /// child that does not read all of its input is none of an error.
    /// Meanwhile this may be moved, but not destroyed: the pipes would be closed.
    /// @throws awaited: std::invalid_argument  there is input, and stdin is no pipe; std::system_error (connection_aborted)
    ///     the process object, or one of its streams, was destroyed meanwhile
    /// @cancel the child goes on, and what it has written stays in the streams: kill() and call this again, without input,
    ///     to have it  @see Process.communicate
    task<process_output> communicate(std::string input = {});
    /// The same of a view or a span, which is copied at the call.
    template <viewed_bytes Input>
    task<process_output> communicate(const Input& input) {
        return communicate(to_text(input));
    }

    /// @throws std::system_error (no_such_process)  its end has been noticed before: another process may have its pid by
    ///     now, and is not hit. (operation_not_permitted): it has become another user's
    void send_signal(int signal);
    void terminate();  ///< SIGTERM
    void kill();  ///< SIGKILL

    /// Leaves it to itself when the loop closes.
    void detach();

private:
    const std::shared_ptr<child_core>& child() const;
    std::shared_ptr<child_core> child_;
};

/// Starts a program:
///
///     auto p = co_await spawn_process({"sort", "-n"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
///     auto [out, err] = co_await p.communicate("3\n1\n2\n");
///
/// @param argv  the program and its arguments. A program without a slash is looked for in the child's PATH
/// @throws awaited: std::system_error naming the program, or its working directory (no_such_file_or_directory,
///     permission_denied, too_many_files_open, …): there is no child then; std::invalid_argument
/// @cost the loop's thread stands still until the child has begun to run the program, some 100 µs however much memory this
///     process has; asyncio does it so, too  @see posix_spawn(3), asyncio.create_subprocess_exec
task<process> spawn_process(std::vector<std::string> argv, process_options options = {});

/// Has /bin/sh run a command. Never put into it what came from outside: pass that as an argument of spawn_process, or by
/// the environment.
/// @see asyncio.create_subprocess_shell
task<process> run_shell(std::string command, process_options options = {});

}  // namespace weft::inline v0
