// SPDX-License-Identifier: Apache-2.0
#include "io/pipe_layer.hpp"
#include "process/child_core.hpp"
#include "process/spawn.hpp"

#include <weft/flow/gather.hpp>
#include <weft/io/pipe.hpp>
#include <weft/process/process.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <limits>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

namespace {

unique_fd open_pidfd(int pid) { return unique_fd(static_cast<native_handle>(::syscall(SYS_pidfd_open, pid, 0))); }

/// The pipe of one of a child's standard streams: makes our end a stream. @return the child's end
unique_fd connect(event_loop& loop, stream& ours, pipe_layer::direction d, std::size_t limit) {
    pipe_descriptors made = make_pipe();
    if (d == pipe_layer::direction::out) std::swap(made.read_end, made.write_end);
    make_nonblocking(made.read_end.get(), "spawn_process");
    ours = make_pipe_stream(loop, std::move(made.read_end), d, pipe_kind::fifo, limit);
    return std::move(made.write_end);
}

/// Starts a child, and makes sure that it can be watched.
std::shared_ptr<child_core> start(event_loop& loop, const std::vector<std::string>& argv,
                                  const process_options& options, const child_ends& ends) {
    const std::string what = "spawn \"" + program_of(argv, options) + "\": pidfd_open";
    // That there is room for its descriptor is tried before the child is made: afterwards it would have run for nothing.
    unique_fd room = open_pidfd(::getpid());
    if (!room) throw std::system_error(errno, std::generic_category(), what);
    auto child = std::make_shared<child_core>(loop, program_of(argv, options));
    const int pid = spawn_child(argv, options, ends);
    room.reset();
    unique_fd pidfd = open_pidfd(pid);
    if (!pidfd && errno != ESRCH) {  // another thread was faster
        const int error = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        throw std::system_error(error, std::generic_category(), what);
    }
    child->watch(pid, std::move(pidfd));
    return child;
}

/// Waits for the end of what comes, and consumes nothing.
task<> buffer_all(stream& s) { co_await s.peek(std::numeric_limits<std::size_t>::max()); }

std::string take_all(stream& s) {
    if (!s) return {};
    std::string all(s.buffered());
    s.consume(all.size());
    s.close();
    return all;
}

}  // namespace

task<process> spawn_process(std::vector<std::string> argv, process_options options) {
    event_loop& loop = get_running_loop();
    check_spawn(argv, options);
    stream in, out, err;
    unique_fd child_in, child_out, child_err;
    if (options.stdin_.what() == stdio::kind::pipe)
        child_in = connect(loop, in, pipe_layer::direction::out, options.limit);
    if (options.stdout_.what() == stdio::kind::pipe)
        child_out = connect(loop, out, pipe_layer::direction::in, options.limit);
    if (options.stderr_.what() == stdio::kind::pipe)
        child_err = connect(loop, err, pipe_layer::direction::in, options.limit);
    process p(start(loop, argv, options, {child_in.get(), child_out.get(), child_err.get()}));
    p.stdin_ = std::move(in);
    p.stdout_ = std::move(out);
    p.stderr_ = std::move(err);
    co_return p;
}

task<process> run_shell(std::string command, process_options options) {
    std::vector<std::string> argv{"/bin/sh", "-c"};
    argv.push_back(std::move(command));
    return spawn_process(std::move(argv), std::move(options));
}

const std::shared_ptr<child_core>& process::child() const {
    if (!child_) throw invalid_state_error("there is no process: it was moved from, or never spawned");
    return child_;
}

int process::pid() const { return child()->pid(); }
std::optional<exit_status> process::status() const { return child()->status(); }
std::optional<int> process::returncode() const {
    const auto status = child()->status();
    return status ? std::optional(status->returncode()) : std::nullopt;
}

void process::send_signal(int signal) { child()->send_signal(signal); }
void process::terminate() { send_signal(SIGTERM); }
void process::kill() { send_signal(SIGKILL); }
void process::detach() { child()->detach(); }

task<process_output> process::communicate(std::string input) {
    const std::shared_ptr<child_core> child = this->child();
    if (!input.empty() && !stdin_) throw std::invalid_argument("communicate: there is input, and stdin is not a pipe");
    if (stdin_ && !stdin_.is_closing()) {
        try {
            static_cast<void>(stdin_.write(input));  // all of it is the stream's now
        } catch (const std::system_error& e) {
            if (e.code() != std::errc::broken_pipe && e.code() != std::errc::connection_reset) throw;
        }
        input = {};
        stdin_.close();
    }
    // What is read stays in the streams until all is there: a cancellation loses nothing.
    if (stdout_ && stderr_) {
        co_await gather(buffer_all(stdout_), buffer_all(stderr_));
    } else if (stdout_ || stderr_) {
        co_await buffer_all(stdout_ ? stdout_ : stderr_);
    }
    co_await exit_awaiter(child);
    co_return process_output{take_all(stdout_), take_all(stderr_)};
}

}  // namespace weft::inline v0
