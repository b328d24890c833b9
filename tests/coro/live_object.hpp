// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <utility>

// A value that counts how many of its kind there are, can be told to fail in a copy or a move, and notices being used or
// destroyed after its end.

namespace {

class live_object {
public:
    static inline int count = 0;
    static inline int copies = 0;
    static inline int copies_until_failure = -1;  // negative: never
    static inline int moves_until_failure = -1;

    static void reset() {
        count = copies = 0;
        copies_until_failure = moves_until_failure = -1;
    }

    explicit live_object(int v) : value(v) { ++count; }
    live_object(const live_object& other) : value(other.checked()) {
        if (copies_until_failure-- == 0) throw std::runtime_error("the copy failed");
        ++copies;
        ++count;
    }
    live_object(live_object&& other) : value(other.checked()) {  // NOLINT(*-noexcept-move*): so that it can fail
        if (moves_until_failure-- == 0) throw std::runtime_error("the move failed");
        other.value = moved_from;
        ++count;
    }
    live_object& operator=(const live_object&) = delete;
    ~live_object() {
        (void)checked();
        value = dead;
        --count;
    }

    int value;

private:
    static constexpr int moved_from = -1, dead = -2;
    int checked() const {
        if (value == dead) std::terminate();
        return value;
    }
};

}  // namespace
