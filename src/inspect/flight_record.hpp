// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>

namespace weft::inline v0 {

struct wait_kind;

enum class flight_event : std::uint8_t {
    waited,  // for the kernel
    turn,  // subject: how many steps
    step,  // of the task `subject`, which stands at `place` then
    last_step,  // in which it has ended; `place` is where it stood before
    callback,
    wrote,  // a trace
    created,  // the task `subject`, whose outermost coroutine begins at `place`, by the task `number`
    suspended,  // the task `subject`, by `wait`
    woken,  // the task `subject`, by the task `number`
    submitted,  // the operation at address `subject`; number: its opcode; result: its descriptor
    brought,  // it goes on; result: as the system call
    completed,
    cancelled,
};

/// One event. What takes time is noted when it is over: `when` is its beginning, `number` how long it took.
struct flight_record {
    nanos when;
    std::uint64_t subject;
    std::uint64_t event_and_number;
    union {
        std::source_location place{};
        const wait_kind* wait;
        std::int64_t result;
    };

    flight_event event() const noexcept { return static_cast<flight_event>(event_and_number & 0xff); }
    std::uint64_t number() const noexcept { return event_and_number >> 8; }
    static std::uint64_t pack(flight_event e, std::uint64_t number) noexcept {
        return number << 8 | static_cast<std::uint8_t>(e);
    }
    bool takes_time() const noexcept { return event() <= flight_event::wrote; }
    nanos end() const noexcept { return takes_time() ? when + static_cast<nanos>(number()) : when; }
};
static_assert(sizeof(flight_record) <= 32);

/// By whom a task was woken: of tasks, the id.
inline constexpr std::uint64_t by_the_loop = 0, by_another_thread = (std::uint64_t{1} << 56) - 1;

/// The last so many records.
class flight_ring {
public:
    explicit flight_ring(std::size_t bytes)
        : capacity_(std::max<std::size_t>(bytes / sizeof(flight_record), 1)),
          records_(std::make_unique<flight_record[]>(capacity_)) {}

    void add(const flight_record& r) noexcept {
        records_[next_] = r;
        if (++next_ == capacity_) next_ = 0;
        ++count_;
    }
    std::size_t capacity() const noexcept { return capacity_; }
    /// All that there have been.
    std::uint64_t count() const noexcept { return count_; }
    std::size_t size() const noexcept { return count_ < capacity_ ? static_cast<std::size_t>(count_) : capacity_; }
    /// The oldest is number 0.
    const flight_record& operator[](std::size_t index) const noexcept {
        const std::size_t at = (count_ < capacity_ ? 0 : next_) + index;
        return records_[at < capacity_ ? at : at - capacity_];
    }

private:
    std::size_t capacity_, next_ = 0;
    std::uint64_t count_ = 0;
    std::unique_ptr<flight_record[]> records_;
};

}  // namespace weft::inline v0
