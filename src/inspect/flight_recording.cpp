// SPDX-License-Identifier: Apache-2.0
#include "inspect/flight_recording.hpp"

#include "inspect/flight_trace.hpp"
#include "loop/operation.hpp"
#include "loop/report.hpp"

#include <weft/base/errors.hpp>
#include <weft/loop/task_core.hpp>
#include <weft/loop/waiter.hpp>

#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <string_view>
#include <system_error>

namespace weft::inline v0 {

namespace {

/// Where a suspended task stands. (The chain from the outermost coroutine inwards may be long.)
std::source_location innermost_place(const task_core& task) noexcept {
    if (!task.suspended()) return {};
    return std::coroutine_handle<promise_base>::from_address(task.resume_point().address()).promise().where();
}
std::source_location outermost_place(const task_core& task) noexcept {
    const promise_base* const p = task.kind().outermost(const_cast<task_core&>(task));
    return p ? p->where() : std::source_location();
}

}  // namespace

flight_recording::flight_recording(event_loop& loop, std::size_t bytes) : loop_(&loop), ring_(bytes) {
    if (loop.is_closed()) throw invalid_state_error("flight_recorder: the event loop is closed");
    if (loop.observer()) throw invalid_state_error("flight_recorder: the event loop has one already");
    backend_name_ = loop.backend_name();
    loop.attach(*this);
    loop.set_observer(this);
    loop.tasks().is_recorded_in(&ring_.head());
}

flight_recording::~flight_recording() {
    if (loop_) leave();
}

void flight_recording::loop_closes() noexcept { leave(); }

void flight_recording::leave() noexcept {
    for (const auto& [signal, registration] : signals_) {
        if (loop_->signal_registration(signal) == registration) loop_->remove_signal_handler(signal);
    }
    signals_.clear();
    loop_resource::unlink();
    loop_->tasks().is_recorded_in(nullptr);
    loop_->set_observer(nullptr);
    loop_ = nullptr;
    stepping_ = {};
}

void flight_recording::add(flight_event e, nanos when, std::uint64_t subject, std::uint64_t number,
                           std::source_location place) noexcept {
    flight_record r{.when = when, .subject = subject, .event_and_number = flight_record::pack(e, number)};
    r.place = place;
    ring_.add(r);
}

// Turns and steps

void flight_recording::waited(nanos now) noexcept {
    if (wait_began_) add(flight_event::waited, *wait_began_, 0, static_cast<std::uint64_t>(now - *wait_began_));
    wait_began_.reset();
    turn_began_ = now;
}

void flight_recording::turned(int steps) noexcept {
    if (!turn_began_) return;
    add(flight_event::turn, *turn_began_, static_cast<std::uint64_t>(steps),
        static_cast<std::uint64_t>(loop_->now() - *turn_began_));
    turn_began_.reset();
}

void flight_recording::step_begins(task_core* task) noexcept {
    step_began_ = loop_->now();
    if (!task) return;
    stepping_ = future_reference<future_core>(task->kind().future(*task));
    step_place_ = innermost_place(*task);
}

void flight_recording::step_ended() noexcept {
    if (!step_began_) return;
    const nanos began = *step_began_, now = loop_->now();
    step_began_.reset();
    const auto took = static_cast<std::uint64_t>(now - began);
    // Goes last: with it may go the task, which the exception handler may hear of, which may destroy this.
    const future_reference<future_core> kept = std::exchange(stepping_, {});
    if (!kept) {
        add(flight_event::callback, began, 0, took);
    } else if (const task_core& task = *kept->task(); kept->done()) {
        add(flight_event::last_step, began, task.id(), took, step_place_);
        note_name(task, now);
    } else {
        note_step(task, began, took);
    }
    write_slow_step(now - began);
}

void flight_recording::note_step(const task_core& task, nanos began, std::uint64_t took) noexcept {
    add(flight_event::step, began, task.id(), took, innermost_place(task));
    const waiter* const w = task.waiting_at();
    if (!w) return;  // it is ready again, or waits for something foreign
    flight_record r{.when = began + static_cast<nanos>(took),
                    .subject = task.id(),
                    .event_and_number = flight_record::pack(flight_event::suspended, 0)};
    r.wait = &w->kind();
    ring_.add(r);
}

/// Of a task that ends, as a trace will find it nowhere else: so much of it as a line has room for.
void flight_recording::note_name(const task_core& task, nanos when) noexcept {
    constexpr std::size_t most = 64;
    const std::string_view name = task.own_name().substr(0, most);
    for (std::size_t at = 0; at < name.size(); at += sizeof flight_record::text) {
        flight_record r{
            .when = when, .subject = task.id(), .event_and_number = flight_record::pack(flight_event::named, at)};
        std::memset(r.text, 0, sizeof r.text);
        name.copy(r.text, sizeof r.text, at);
        ring_.add(r);
    }
}

void flight_recording::started_eagerly(const task_core& task) noexcept {
    const nanos now = loop_->now();
    const task_core* const creator = loop_->current_task();
    add(flight_event::created, now, task.id(), creator ? creator->id() : by_the_loop, outermost_place(task));
    if (!task.kind().future(const_cast<task_core&>(task)).done()) note_step(task, now, 0);
}

void flight_recording::woken(const task_core& task, bool by_thread) noexcept {
    const task_core* waker = loop_->current_task();
    if (!waker && stepping_) waker = stepping_->task();  // which ends, and wakes those that wait for that
    const std::uint64_t by = by_thread ? by_another_thread : waker ? waker->id() : by_the_loop;
    if (task.has_started()) {
        add(flight_event::woken, loop_->now(), task.id(), by);
    } else {
        add(flight_event::created, loop_->now(), task.id(), by, outermost_place(task));
    }
}

// Operations

void flight_recording::add_operation(flight_event e, const operation& op, std::int64_t result) noexcept {
    flight_record r{.when = loop_->now(),
                    .subject = reinterpret_cast<std::uintptr_t>(&op),
                    .event_and_number = flight_record::pack(e, static_cast<std::uint64_t>(op.code))};
    r.result = result;
    ring_.add(r);
}

void flight_recording::submitted(const operation& op) noexcept { add_operation(flight_event::submitted, op, op.fd); }
void flight_recording::completed(const operation& op, const completion& c) noexcept {
    add_operation(c.last ? flight_event::completed : flight_event::brought, op, c.result);
}
void flight_recording::cancelled(const operation& op) noexcept { add_operation(flight_event::cancelled, op, 0); }

// Writing

void flight_recording::write_file(const std::string& path, clock::duration last) {
    const std::string unfinished = path + ".part";
    const auto fail = [&](int error) {
        std::remove(unfinished.c_str());
        throw std::system_error(error ? error : EIO, std::generic_category(), "flight_recorder: write " + path);
    };
    const std::optional<nanos> began = loop_ ? std::optional(loop_->now()) : std::nullopt;
    errno = 0;
    std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
    if (!out) fail(errno);
    write_trace(out, *this, last);
    out.close();
    if (!out || std::rename(unfinished.c_str(), path.c_str()) != 0) fail(errno);
    if (began) add(flight_event::wrote, *began, 0, static_cast<std::uint64_t>(loop_->now() - *began));
}

void flight_recording::write_on_signal(int signal, std::string path) {
    if (!loop_) throw invalid_state_error("flight_recorder: the event loop is closed");
    loop_->add_signal_handler(signal, [this, path = std::move(path)] { write_file(path, clock::duration::max()); });
    std::erase_if(signals_, [&](const auto& s) { return s.first == signal; });
    signals_.emplace_back(signal, loop_->signal_registration(signal));
}

void flight_recording::write_slow_step(nanos took) noexcept {
    if (!slow_ || took < to_nanos(loop_->slow_callback_duration)) return;
    const nanos now = loop_->now();
    if (slow_->last_written && now - *slow_->last_written < slow_->pause) return;
    slow_->last_written = now;
    try {
        write_file(std::string(slow_->path), clock::duration::max());
    } catch (...) {
        report(*loop_, "A step was slow, and its trace could not be written", std::current_exception());
    }
}

}  // namespace weft::inline v0
