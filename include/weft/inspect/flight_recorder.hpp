// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>

namespace weft::inline v0 {

class event_loop;
class flight_recording;

/// Notes what a loop does for as long as it lives: steps of tasks and callbacks, what tasks wait for and who wakes them, the
/// kernel's operations. It keeps the last of it, and writes that as a trace, which https://ui.perfetto.dev shows: the loop
/// as a thread, with a slice for each step and the waits and operations beside it.
///
///     weft::flight_recorder recorder;                       // from here on, on the running loop
///     recorder.write_on_signal(SIGUSR2, "trace.json");      // kill -USR2 …
///     recorder.write_when_slow("slow.json");                // or when a step took slow_callback_duration
///
/// Writing blocks the loop, for about a millisecond for each thousand events: the trace has a slice for that too.
/// @thread the loop's  @cost of memory what it is given, taken once; about 25 ns an event. A loop without one pays
///     nothing for a step or a wake-up, and looks at a pointer twice a turn and once an operation
class flight_recorder {
public:
    /// The last `bytes` / 32 events: a step of a task that waits for something is three of them.
    static constexpr std::size_t default_bytes = std::size_t{4} << 20;

    /// On the running loop. @throws no_running_loop_error, as below
    explicit flight_recorder(std::size_t bytes = default_bytes);
    /// @throws invalid_state_error  the loop is closed, or has a recorder already  @throws std::bad_alloc
    explicit flight_recorder(event_loop& loop, std::size_t bytes = default_bytes);
    flight_recorder(flight_recorder&&) noexcept;
    flight_recorder& operator=(flight_recorder&&) noexcept;
    ~flight_recorder();

    /// Writes what happened in the last `last` of the time recorded, in the JSON trace event format: of tasks that have
    /// ended, with the names that they had by default.
    void write(std::ostream& out, clock::duration last = clock::duration::max()) const;
    /// The same into a file, which is complete from the moment that it has this name.
    /// @throws std::system_error
    void write_file(const std::string& path, clock::duration last = clock::duration::max()) const;

    /// Writes `path` again whenever `signal` arrives, in a callback of the loop; replaces the loop's handler of that signal.
    /// What goes wrong there, the exception handler hears.
    /// @throws std::system_error  @see event_loop::add_signal_handler
    void write_on_signal(int signal, std::string path);
    /// Writes `path` again when a step has taken the loop's slow_callback_duration or longer, but not again within `pause`.
    void write_when_slow(std::string path, clock::duration pause = std::chrono::seconds(10));

    /// How many there are room for, and how many there have been.
    std::size_t capacity() const noexcept;
    std::uint64_t recorded() const noexcept;

private:
    std::unique_ptr<flight_recording> recording_;
};

}  // namespace weft::inline v0
