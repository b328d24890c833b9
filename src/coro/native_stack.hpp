// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/traceback.hpp>

#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

namespace weft::inline v0 {

class promise_base;

/// The ordinary functions on a stack, by where they go on: the innermost first. Of a deep stack the innermost ones.
class native_stack {
public:
    /// Of whoever calls this, itself left out. Allocates nothing.
    [[gnu::noinline]] void capture() noexcept;

    std::span<void* const> addresses() const noexcept { return {addresses_, count_}; }

    static constexpr std::size_t deepest = 128;

private:
    void* addresses_[deepest];
    std::size_t count_ = 0;
};

struct native_functions {
    std::vector<stack_frame> frames;
    /// They end with who has called a function of the C library's that libweft_hook.so has taken over.
    bool in_hooked_call = false;
};

/// Who these functions are, the outermost first, as far as the symbols of the program and its libraries say. What is weft's or the standard
/// library's at either end is left out: that is how a fiber begins and waits. @cost the first time sorts the symbols of the program's file
native_functions native_frames(std::span<void* const> innermost_first);

/// Whether the two are one function: an instance of a template may or may not say of what.
bool same_function(const stack_frame& a, const stack_frame& b);

/// What a chain of awaits asks about each coroutine: whether it is a fiber. Adds the functions on its stack. @return false: where() is to
/// follow as the innermost  (Set by those who know of fibers, when there is the first.)
using native_frames_function = bool (*)(const promise_base& p, std::vector<stack_frame>& frames);
extern constinit std::atomic<native_frames_function> add_native_frames_of;

}  // namespace weft::inline v0
