// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <utility>

namespace stress {

/// Counts who is somewhere: one more while it lives, moved or not. A coroutine that takes one by value is counted from
/// its creation to the end of its frame, whether it ever ran or not.
template <class Counter = int>
class presence {
public:
    explicit presence(Counter& in) noexcept : in_(&in) { ++*in_; }
    presence(presence&& other) noexcept : in_(std::exchange(other.in_, nullptr)) {}
    presence& operator=(presence&&) = delete;
    ~presence() {
        if (in_) --*in_;
    }

private:
    Counter* in_;
};

}  // namespace stress
