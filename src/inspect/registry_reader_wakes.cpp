// SPDX-License-Identifier: Apache-2.0
#include "inspect/flight_record.hpp"
#include "inspect/registry_reader.hpp"

#include <algorithm>
#include <cstring>

// Who woke a task. The loop forgets that when it has woken it, for to keep it would cost each wake-up a store; a flight recorder
// keeps it, and its ring is read here, as it lies there.

namespace weft::inline v0 {

namespace {

using waker = wake_snapshot::waker;
constexpr std::uint64_t known_format = 1, most_records = std::uint64_t(1) << 24;

/// A flight_record, of types for which every byte is a value.
struct raw_record {
    std::int64_t when;
    std::uint64_t subject, event_and_number, pointer;
};
static_assert(sizeof(raw_record) == sizeof(flight_record) && sizeof(flight_ring_head) == 32);

struct task_notes {
    std::uint64_t wait = 0;  // the wait_kind that it was suspended by; 0: none since it was woken
    std::optional<wake_snapshot> woken{};
};

}  // namespace

void registry_reader::read_wakes(std::uint64_t root_at, loop_snapshot& loop) {
    const auto head_at = memory_.read<std::uint64_t>(root_at + layout_.root_flight_records).value_or(0);
    if (!head_at) return;
    const auto ring = memory_.read<flight_ring_head>(head_at);
    if (!ring || ring->format != known_format || ring->capacity == 0 || ring->capacity > most_records) return;
    loop.is_recorded = true;
    const std::uint64_t size = std::min(ring->count, ring->capacity);
    const std::string bytes =
        memory_.read_bytes(reinterpret_cast<std::uint64_t>(ring->records), size * sizeof(raw_record));
    const auto after = memory_.read<flight_ring_head>(head_at);
    if (bytes.empty() || !after) return;
    std::unordered_map<std::uint64_t, task_notes> notes;
    for (std::uint64_t number = ring->count - size; number < ring->count; ++number) {
        if (number + ring->capacity <= after->count) continue;  // another one may lie there by now, or half of it
        raw_record r;
        std::memcpy(&r, bytes.data() + number % ring->capacity * sizeof r, sizeof r);
        const auto event = static_cast<flight_event>(r.event_and_number & 0xff);
        if (event == flight_event::suspended) notes[r.subject].wait = r.pointer;
        if (event != flight_event::woken) continue;
        task_notes& task = notes[r.subject];
        const std::uint64_t by = r.event_and_number >> 8;
        wake_snapshot& woken = task.woken.emplace();
        woken.by = by == by_the_loop ? waker::loop : by == by_another_thread ? waker::another_thread : waker::task;
        woken.task = woken.by == waker::task ? by : 0;
        woken.ago = std::max<std::int64_t>(loop_now_ - r.when, 0);
        if (task.wait) woken.wait = wait_kind_at(task.wait).name;
        task.wait = 0;
    }
    for (task_snapshot& t : loop.tasks) {
        if (const auto found = notes.find(t.id); found != notes.end()) t.woken = std::move(found->second.woken);
    }
}

}  // namespace weft::inline v0
