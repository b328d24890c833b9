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
    named,  // the task `subject`, which has ended; `text`, zeros behind it, is its name from its byte `number` on
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
        char text[8];
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

/// Where the records are, for other processes too: the loop's registry_root points at this. Record number n of all that there
/// have been is at n modulo capacity, until the one that many later takes its place.
struct flight_ring_head {
    std::uint64_t format = 1;  // of this, and of a flight_record
    std::uint64_t capacity = 0;
    std::uint64_t count = 0;  // of all that there have been
    flight_record* records = nullptr;
};

/// The last so many records.
class flight_ring {
public:
    explicit flight_ring(std::size_t bytes)
        : head_{.capacity = std::max<std::size_t>(bytes / sizeof(flight_record), 1)},
          records_(std::make_unique<flight_record[]>(head_.capacity)) {
        head_.records = records_.get();
    }

    void add(const flight_record& r) noexcept {
        head_.records[next_] = r;
        if (++next_ == head_.capacity) next_ = 0;
        ++head_.count;
    }
    std::size_t capacity() const noexcept { return head_.capacity; }
    /// All that there have been.
    std::uint64_t count() const noexcept { return head_.count; }
    std::size_t size() const noexcept { return std::min(head_.count, head_.capacity); }
    /// The oldest is number 0.
    const flight_record& operator[](std::size_t index) const noexcept {
        const std::size_t at = (head_.count < head_.capacity ? 0 : next_) + index;
        return records_[at < head_.capacity ? at : at - head_.capacity];
    }
    const flight_ring_head& head() const noexcept { return head_; }

private:
    flight_ring_head head_;
    std::size_t next_ = 0;
    std::unique_ptr<flight_record[]> records_;
};

}  // namespace weft::inline v0
