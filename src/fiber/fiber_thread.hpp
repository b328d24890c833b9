// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fiber/stack_pool.hpp"

#include <weft/fiber/fiber_core.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace weft::inline v0 {

/// What the fibers of one thread have in common. Made when the thread first asks for fibers; goes with the thread, unless
/// there are fibers left: then it stays, for those who hold them.
struct fiber_thread {
    /// This thread's. @throws std::bad_alloc
    static fiber_thread& here() { return mine ? *mine : make(); }
    /// The same; null before. Safe in a signal handler.
    static fiber_thread* here_or_null() noexcept { return mine; }

    /// The same while no fiber of it is being closed: the one look that a switch takes at both.
    static fiber_thread* here_if_none_closes() noexcept { return while_none_closes; }
    void begin_to_close() noexcept {
        ++closing_;
        while_none_closes = nullptr;
    }
    void end_to_close() noexcept {
        if (--closing_ == 0) while_none_closes = this;
    }

    fiber_thread(const fiber_thread&) = delete;
    fiber_thread& operator=(const fiber_thread&) = delete;
    ~fiber_thread();

    /// @throws std::system_error, std::bad_alloc
    stack_pool& pool_of(std::size_t stack_bytes, bool guarded) {
        stack_pool* const last = last_pool_;
        if (last && last->stack_bytes() == stack_bytes && last->is_guarded() == guarded) [[likely]]
            return *last;
        return other_pool_of(stack_bytes, guarded);
    }

    fiber_core root;
    fiber_core* current = &root;
    /// The C++ runtime's, of this thread.
    fiber_core::exception_state* exceptions;
    std::size_t fibers = 0;
    fiber_core* left = nullptr;  // who was left last, for sanitizers
    const void* root_stack = nullptr;  // likewise
    std::size_t root_stack_bytes = 0;

private:
    static constinit thread_local fiber_thread* mine;
    static constinit thread_local fiber_thread* while_none_closes;

    fiber_thread();
    static fiber_thread& make();
    stack_pool& other_pool_of(std::size_t stack_bytes, bool guarded);

    unsigned closing_ = 0;
    stack_pool* last_pool_ = nullptr;
    std::vector<std::unique_ptr<stack_pool>> pools_;
    std::unique_ptr<std::byte[]> signal_stack_;  // if the thread had none
};

}  // namespace weft::inline v0
