// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// What context variables are set to. Held by pointer: the task that runs in it and whoever kept it see the same one.
struct context_core {
    struct entry {
        std::uint64_t variable;
        std::shared_ptr<const void> value;
    };
    using entries = std::vector<entry>;

    const std::shared_ptr<const void>* find(std::uint64_t variable) const noexcept;
    /// @param value  null: removes the variable
    void assign(std::uint64_t variable, std::shared_ptr<const void> value);
    bool empty() const noexcept { return !all || all->empty(); }

    std::shared_ptr<const entries> all;  // shared by copies until one of them changes
    bool entered = false;  // by run_in(): it can be entered once at a time
};
using context_reference = std::shared_ptr<context_core>;

/// A mapping of context variables to values. Every task has its own, a copy of its creator's as it was when the task was
/// created; what the task sets there is seen by what it calls and awaits, and by the tasks it creates later.
/// Copies of this object refer to the same mapping; copy() makes a new one.
/// @thread one at a time  @cost a copy shares the values until one side changes  @see contextvars.Context
class context {
public:
    /// An empty one.
    context() : core_(std::make_shared<context_core>()) {}
    explicit context(context_reference core) noexcept : core_(std::move(core)) {}

    context copy() const {
        context c;
        c.core_->all = core_->all;
        return c;
    }
    std::size_t size() const noexcept { return core_->all ? core_->all->size() : 0; }
    friend bool operator==(const context&, const context&) = default;

    const context_reference& core() const noexcept { return core_; }

private:
    context_reference core_;
};

/// A copy of the present context: the running task's, or the callback's. @see contextvars.copy_context
context copy_context();

/// The present context, to look into; null where there is none or nothing was set.
const context_core* present_context() noexcept;
/// The same to change: made if need be.
/// @throws no_running_loop_error  neither a loop nor run_in() runs on this thread
context_reference& context_to_change();

/// A copy of the present context for something that runs later or elsewhere; null if nothing is set in it.
context_reference context_to_carry();

/// Makes `c` the present context while it lives. Nothing may be awaited meanwhile.
class entered_context {
public:
    /// @throws invalid_state_error  it is entered already
    explicit entered_context(const context& c);
    entered_context(const entered_context&) = delete;
    entered_context& operator=(const entered_context&) = delete;
    ~entered_context();

private:
    context_reference other_;  // the one that is not present: the outer one, or, on a thread without a loop, `c`
    context_reference* place_ = nullptr;  // where the loop keeps the present one; null without a loop
    context_reference* outer_ = nullptr;
};

/// Calls `f(args…)`, an ordinary function, in `c`: what it sets is set there. (A coroutine: task_options::context.)
/// @return what f returns  @throws invalid_state_error  `c` is entered already; what f throws
/// @thread any, also one without a loop  @see contextvars.Context.run
template <class F, class... Args>
    requires std::invocable<F, Args...>
decltype(auto) run_in(const context& c, F&& f, Args&&... args) {
    const entered_context entered(c);
    return std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace weft::inline v0
