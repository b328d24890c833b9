// SPDX-License-Identifier: Apache-2.0
// The two processes of `stress connections`, and how they tell each other, a line at a time, how far they are.
#pragma once

#include "stress/checking.hpp"

#include <weft/weft.hpp>

#include <sys/types.h>

#include <string>

namespace stress {

/// The pipe that brings what the other process says, and the one for what it is to hear. For one loop of each: its stream
/// reads ahead.
struct pipes {
    weft::unique_fd from, to;
};

/// The other process, as each of the two sees it.
struct companion {
    pipes warm_up, rounds;
    pid_t child;  ///< 0 in the child itself
};

/// Copies this process, which has neither a loop nor another thread yet. Returns in both.
companion start_companion();

/// Waits until the child has ended, which must be well: a sanitizer that has found something ends it otherwise.
void require_good_end(pid_t child);

/// What the processes say to each other while each has a loop.
class conversation {
public:
    explicit conversation(const pipes& p)
        : from_(weft::connect_read_pipe(copy(p.from))), to_(weft::connect_write_pipe(copy(p.to))) {}

    weft::task<> say(std::string word) { co_await to_.write(word + "\n"); }
    weft::task<std::string> hear() {
        const auto line = co_await from_.read_line();
        if (!line) fail("the other process has gone");
        co_return *line;
    }

private:
    static weft::unique_fd copy(const weft::unique_fd& fd);

    weft::stream from_, to_;
};

}  // namespace stress
