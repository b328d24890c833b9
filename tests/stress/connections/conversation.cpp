// SPDX-License-Identifier: Apache-2.0
#include "stress/connections/conversation.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace stress {

namespace {

struct both_ways {
    weft::pipe_descriptors there = weft::make_pipe(), back = weft::make_pipe();
    /// The rest is closed with this.
    pipes keep(bool is_child) {
        if (is_child) return {std::move(there.read_end), std::move(back.write_end)};
        return {std::move(back.read_end), std::move(there.write_end)};
    }
};

}  // namespace

companion start_companion() {
    both_ways warm_up, rounds;
    std::fflush(stdout);  // else both would print what waits
    const pid_t child = ::fork();
    require(child >= 0, "no second process can be started");
    return {warm_up.keep(child == 0), rounds.keep(child == 0), child};
}

void require_good_end(pid_t child) {
    int status = 0;
    require(::waitpid(child, &status, 0) == child, "the other process is not there");
    require_equal(status, 0, "how the other process has ended");
}

weft::unique_fd conversation::copy(const weft::unique_fd& fd) {
    weft::unique_fd out(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    require(static_cast<bool>(out), "no descriptor is left for the other process");
    return out;
}

}  // namespace stress
