// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/fiber/fiber_core.hpp>

#include <source_location>
#include <string_view>

namespace weft::inline v0 {

class task_core;

/// What messages call a fiber, and where they say that it was made. The fiber of a task is called what the task is called by now. Takes
/// no memory and no lock, for who asks may be a signal handler. @thread the fiber's
class fiber_title {
public:
    explicit fiber_title(const fiber_core& f) noexcept;
    fiber_title(const fiber_title&) = delete;
    fiber_title& operator=(const fiber_title&) = delete;

    /// Empty: it has none.
    std::string_view name() const noexcept { return name_; }
    /// Of one that a coroutine awaits, the co_await; line 0: nobody knows.
    std::source_location made_at() const noexcept { return made_at_; }

private:
    std::string_view number_of(const task_core& task) noexcept;

    char number_[32];
    std::string_view name_;
    std::source_location made_at_;
};

}  // namespace weft::inline v0
