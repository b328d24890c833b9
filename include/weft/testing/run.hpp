// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/loop/run.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace weft::inline v0 {
namespace testing {

using weft::deadlock_error;

struct run_options {
    /// Runs what is ready at the same time in a random order that this determines; empty: first in, first out.
    std::optional<std::uint64_t> seed = std::nullopt;
};

/// A loop whose clock is virtual, on the backend that WEFT_BACKEND names.
std::unique_ptr<event_loop> make_virtual_loop(const run_options& options = {});

/// As weft::run, on a virtual clock: when nothing is ready and nothing outside this loop is outstanding, time jumps to the
/// next timer, so that tests of hours take microseconds and never depend on the machine's speed. Connections to a peer
/// outside the loop, calls on other threads, polled descriptors and signals are outside: while they are waited for, time passes as in the world.
/// @throws deadlock_error  nothing can ever happen any more; it names the tasks that wait, and where
/// @throws what main throws
template <class T>
T run(task<T> main, run_options options = {}) {
    return runner(make_virtual_loop(options), {.handle_sigint = false}).run_and_close(std::move(main));
}

}  // namespace testing
}  // namespace weft::inline v0
