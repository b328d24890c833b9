// SPDX-License-Identifier: Apache-2.0
#include "process/child_core.hpp"

#include "base/made_by.hpp"
#include "loop/backend.hpp"
#include "loop/report.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

constexpr nanos pause_without_resources = 100'000'000;
constexpr int milliseconds_to_die = 1000;

constexpr idtype_t by_pidfd = static_cast<idtype_t>(3);  // P_PIDFD: not in glibc before 2.36

exit_status status_of(const siginfo_t& info) noexcept {
    if (info.si_code == CLD_EXITED) return exit_status::exited(info.si_status);
    return exit_status::killed(info.si_status, info.si_code == CLD_DUMPED);
}

}  // namespace

child_core::child_core(event_loop& loop, std::string program)
    : loop_(loop), parent_(::getpid()), program_(std::move(program)), poll_(*this), retry_(*this) {
    poll_.events = POLLIN;
}

child_core::~child_core() = default;

void child_core::watch(int pid, unique_fd pidfd) {
    pid_ = pid;
    pidfd_ = std::move(pidfd);
    poll_.fd = pidfd_.get();
    if (!pidfd_) return end(exit_status::unknown());
    loop_.attach(*this);
    self_ = shared_from_this();
    go_on();
}

/// The child may have ended.
void child_core::reap_or_go_on() {
    if (!reap()) go_on();
}

void child_core::go_on() {
    try {
        loop_.operations().submit(poll_);
    } catch (const std::exception&) {
        try_later();
    }
}

/// There is no room in the kernel, or no memory. The child is not to be lost for that.
void child_core::try_later() noexcept { loop_.add_timer(retry_, deadline_after(loop_.now(), pause_without_resources)); }

void child_core::on_ready(const completion& c) { c.result < 0 ? try_later() : reap_or_go_on(); }

bool child_core::reap() {
    siginfo_t info{};
    int result;
    do {
        result = ::waitid(by_pidfd, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
    } while (result != 0 && errno == EINTR);
    if (result == 0 && info.si_pid == 0) return false;
    result == 0 ? end(status_of(info)) : end(exit_status::unknown(), errno);
    return true;
}

/// @param error  why the status is not known, if it is not that it was read elsewhere
void child_core::end(exit_status s, int error) {
    status_ = s;
    const std::shared_ptr<child_core> keep = std::exchange(self_, nullptr);
    list_node::unlink();
    if (pidfd_) loop_.operations().close(pidfd_.release());
    while (!waiting_.empty()) waiting_.pop_front().ended();
    if (!s.is_known()) {
        const bool is_elsewhere = error == 0 || error == ECHILD;
        const char* const what = is_elsewhere ? "its exit status was read elsewhere, 255 is reported"
                                              : "its exit status cannot be read, 255 is reported";
        const auto why = [&] { return std::system_error(error, std::generic_category(), "waitid"); };
        report(loop_, what, is_elsewhere ? nullptr : made_by(why),
               [&](error_context& c) { c.message = name() + ": " + what; });
    }
}

std::string child_core::name() const { return "child process " + std::to_string(pid_) + " (" + program_ + ")"; }

void child_core::send_signal(int signal) {
    const auto fail = [&](int error) {
        throw std::system_error(error, std::generic_category(), "send " + signal_name(signal) + " to " + name());
    };
    if (status_) fail(ESRCH);
    if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0) == 0) return;
    if (errno != ESRCH)
        fail(errno);  // ended, and reaped by another, but not noticed yet: nothing to be told, as in asyncio
}

void child_core::loop_closes() noexcept {
    const std::shared_ptr<child_core> keep = std::exchange(self_, nullptr);
    retry_.unlink();
    loop_.operations().cancel(poll_);
    if (!detached_ && ::getpid() == parent_) kill_and_reap();
    if (!status_) status_ = exit_status::unknown();
    loop_.operations().close(pidfd_.release());
}

/// Ends it so that no zombie stays. A process that is killed ends at once, unless it hangs in the kernel: then it is left.
void child_core::kill_and_reap() noexcept {
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    pollfd until_it_ends{pidfd_.get(), POLLIN, 0};
    ::poll(&until_it_ends, 1, milliseconds_to_die);
    siginfo_t info{};
    if (::waitid(by_pidfd, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
        status_ = status_of(info);
    }
}

// Waiting for it

const wait_kind exit_awaiter::kind_ = {
    .name = "child process",
    .cancel =
        [](waiter& w) {
            static_cast<exit_awaiter&>(w).wake();
            return false;
        },
    .subject = child_core::as_subject(offsetof(exit_awaiter, child_)),
};

bool exit_awaiter::await_ready() const { return child_->status().has_value(); }
void exit_awaiter::start() {
    if (child_->status()) return wake();
    child_->add(*this);
}
exit_status exit_awaiter::await_resume() {
    this->resumed();
    return child_->status().value();
}

namespace {
task<exit_status> waiting(std::shared_ptr<child_core> c) { co_return co_await exit_awaiter(std::move(c)); }
}  // namespace

task<exit_status> to_task(exit_awaiter&& w) { return waiting(std::move(w.child_)); }

}  // namespace weft::inline v0
