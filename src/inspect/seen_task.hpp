// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inspect/registry_reader.hpp"

#include <cstring>
#include <utility>

namespace weft::inline v0 {

// What lies in the target as it lies there. The same members as in loop/registry.hpp, but of types for which every byte is a
// value, and with the pointers of another process.

struct registry_reader::raw_root {
    std::uint64_t next, pages, loop, thread, current;
    std::int64_t time;
    std::uint32_t phase;
    std::uint8_t is_virtual;
    std::uint64_t backend;
};
static_assert(offsetof(registry_root, flight_records) == sizeof(std::uint64_t) * 8,
              "what all versions have, the raw one has");

struct registry_reader::raw_page {
    std::uint64_t next, cpu_times, words[registry_page::capacity];
    std::uint32_t creators[registry_page::capacity];
};

/// A task that is being looked at.
struct registry_reader::seen_task {
    std::uint64_t slot = 0, word = 0;  // where the registry names it, and how
    std::uint64_t cpu_time_at = 0;  // 0: none is taken
    task_snapshot task;
    std::vector<seen_memory> evidence;  // all that was read of it, but for what never changes
    std::uint64_t kind = 0, resume_point = 0, waiter = 0;
    std::uint32_t suspended_since = 0;
    bool is_queued = false, is_gone = false, is_seen = false, is_torn = false;
};

/// A value in the bytes of an object, so far into it.
template <class T>
T value_at(const std::byte* bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes + at, sizeof value);
    return value;
}

/// Of times that may be anything.
inline std::int64_t difference(std::int64_t a, std::int64_t b) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

/// `then` is called with the value there.
template <class T, class Then>
void registry_reader::ask(seen_task& t, std::uint64_t address, Then then) {
    rounds_.ask(address, sizeof(T), &t.evidence,
                [then = std::move(then)](const std::byte* bytes) { then(value_at<T>(bytes, 0)); });
}

}  // namespace weft::inline v0
