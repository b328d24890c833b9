// SPDX-License-Identifier: Apache-2.0
#include "io/pipe_layer.hpp"
#include "io/stream_handover.hpp"
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
        // Not for long: what has only just been executed hangs in no call yet that would keep it from dying.
        while (::waitid(P_PID, static_cast<id_t>(pid), nullptr, WEXITED) != 0 && errno == EINTR) {
        }
        throw std::system_error(error, std::generic_category(), what);
    }
    child->watch(pid, std::move(pidfd));
    return child;
}

/// What communicate() reads from: the pipe, wherever the process object has it by then, and the wait for its end, which
/// consumes nothing.
struct output_pipe {
    explicit output_pipe(stream& s)
        : link(stream_handover::core(s)), buffered(to_task(s.peek(std::numeric_limits<std::size_t>::max()))) {}
    static std::optional<output_pipe> of(stream& s) {
        return s ? std::optional<output_pipe>(std::in_place, s) : std::nullopt;
    }
    stream_link link;
    task<std::string_view> buffered;
};

task<> buffer_both(output_pipe& a, output_pipe& b) {
    const task_handle<std::string_view> first = create_task(std::move(a.buffered)),
                                        second = create_task(std::move(b.buffered));
    try {
        co_await gather(first, second);
    } catch (...) {
        for (const auto* h : {&first, &second}) {  // one has failed: the other is not to stay at its stream
            const bool has_failed_too = !h->cancel() && !h->cancelled();
            if (has_failed_too) static_cast<void>(h->exception());  // it is the same again: not to be reported
        }
        throw;
    }
}

std::string take_all(const std::optional<output_pipe>& p) {
    if (!p) return {};
    stream_core& s = p->link.core();
    s.settle_lent();
    std::string all(s.input().text());
    s.consume(all.size());
    s.close();
    return all;
}

void give(stream_core& s, std::string_view input) {
    if (s.is_closing()) return;
    try {
        s.write(std::as_bytes(std::span(input)));  // all of it is the stream's now
    } catch (const std::system_error& e) {
        if (e.code() != std::errc::broken_pipe && e.code() != std::errc::connection_reset) throw;
    }
    s.close();
}

/// What could not be sent after all, for want of memory, say. A child that does not want it all is none of an error.
void require_given(const stream_core& s) {
    try {
        s.throw_write_error_if_any();
    } catch (const std::system_error& e) {
        if (e.code() != std::errc::broken_pipe && e.code() != std::errc::connection_reset) throw;
    }
}

/// Refers to no process object, for that may be moved meanwhile. What is read stays in the streams until all is there: a
/// cancellation loses nothing.
task<process_output> communicate_with(std::shared_ptr<child_core> child, std::string input,
                                      std::optional<stream_link> in, std::optional<output_pipe> out,
                                      std::optional<output_pipe> err) {
    if (!input.empty() && !in) throw std::invalid_argument("communicate: there is input, and stdin is not a pipe");
    const bool has_input = !input.empty();
    if (in) give(in->core(), std::exchange(input, {}));
    if (out && err) {
        co_await buffer_both(*out, *err);
    } else if (out || err) {
        co_await std::move((out ? out : err)->buffered);
    }
    co_await exit_awaiter(std::move(child));
    if (has_input) require_given(in->core());
    if (out) out->link.core();  // before anything is taken: all are still there
    if (err) err->link.core();
    co_return process_output{take_all(out), take_all(err)};
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
    return communicate_with(child(), std::move(input), stream_handover::link(stdin_), output_pipe::of(stdout_),
                            output_pipe::of(stderr_));
}

}  // namespace weft::inline v0
