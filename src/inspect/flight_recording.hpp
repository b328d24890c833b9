// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inspect/flight_record.hpp"
#include "loop/loop_observer.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/future_core.hpp>
#include <weft/loop/loop_resource.hpp>

#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// What a flight_recorder owns: it watches a loop until it is destroyed or the loop closes, and keeps what it has seen.
class flight_recording final : public loop_observer, private loop_resource {
public:
    flight_recording(event_loop& loop, std::size_t bytes);
    ~flight_recording();

    const flight_ring& records() const noexcept { return ring_; }
    /// Null when it has closed.
    event_loop* loop() const noexcept { return loop_; }
    const std::string& backend_name() const noexcept { return backend_name_; }
    /// Replaces a file by a trace of what happened in the last `last` of the time recorded. @throws std::system_error
    void write_file(const std::string& path, clock::duration last);
    void write_on_signal(int signal, std::string path);
    void write_when_slow(std::string path, clock::duration pause) { slow_ = {std::move(path), to_nanos(pause), {}}; }

    // What the loop tells

    void waits() noexcept override { wait_began_ = loop_->now(); }
    void waited(nanos now) noexcept override;
    void turned(int steps) noexcept override;
    void step_begins(task_core* task) noexcept override;
    void step_ended() noexcept override;
    void started_eagerly(const task_core& task) noexcept override;
    void woken(const task_core& task, bool by_thread) noexcept override;
    void submitted(const operation& op) noexcept override;
    void completed(const operation& op, const completion& c) noexcept override;
    void cancelled(const operation& op) noexcept override;

private:
    struct slow_steps {
        std::string path;
        nanos pause = 0;
        std::optional<nanos> last_written{};
    };

    void loop_closes() noexcept override;
    void leave() noexcept;
    void add(flight_event e, nanos when, std::uint64_t subject, std::uint64_t number = 0,
             std::source_location place = {}) noexcept;
    void add_operation(flight_event e, const operation& op, std::int64_t result) noexcept;
    void note_step(const task_core& task, nanos began, std::uint64_t took) noexcept;
    void note_name(const task_core& task, nanos when) noexcept;
    void write_slow_step(nanos took) noexcept;

    event_loop* loop_;
    std::string backend_name_;
    flight_ring ring_;
    std::vector<std::pair<int, std::uint64_t>> signals_;  // and the registrations of their handlers
    std::optional<slow_steps> slow_;
    // Of what has begun; null if that was not seen.
    std::optional<nanos> wait_began_, turn_began_, step_began_;
    future_reference<future_core> stepping_;  // keeps the task that runs, which may end in the step; null: a callback
    std::source_location step_place_{};
};

}  // namespace weft::inline v0
