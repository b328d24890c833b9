// SPDX-License-Identifier: Apache-2.0
#include "coro/native_stack.hpp"

#include "coro/native_function.hpp"

#include <unwind.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

namespace weft::inline v0 {

constinit std::atomic<native_frames_function> add_native_frames_of{nullptr};

void native_stack::capture() noexcept {
    struct walk {
        native_stack& into;
        bool is_first;
    } all{*this, true};
    count_ = 0;
    _Unwind_Backtrace(
        [](_Unwind_Context* frame, void* context) {
            walk& w = *static_cast<walk*>(context);
            int before = 0;
            std::uintptr_t address = _Unwind_GetIPInfo(frame, &before);
            if (address == 0 || w.into.count_ == deepest) return _URC_END_OF_STACK;
            if (before == 0) --address;  // of the call, not of what follows it
            if (!std::exchange(w.is_first, false))
                w.into.addresses_[w.into.count_++] = reinterpret_cast<void*>(address);
            return _URC_NO_REASON;
        },
        &all);
}

namespace {

/// What stands between a fiber and the function that it was made for, and between that one's await() and the switch. Likewise in tools/weft.
bool is_machinery(const stack_frame& f) {
    const std::string_view name = f.function;
    // Of what compilers have come to write the demangler does not know all.
    for (const std::string_view begin : {"weft::", "std::", "_ZN4weft", "_ZNK4weft", "_ZNSt", "_Unwind_"}) {
        if (name.starts_with(begin)) return true;
    }
    return name == "weft_switch_stack" || name == "weft_begin_stack" || name == "weft_left_stack";
}

bool is_of_hooks(const stack_frame& f) {
    return std::string_view(f.file).substr(f.file.rfind('/') + 1).starts_with("libweft_hook.so");
}

std::string_view without_arguments(const stack_frame& f) {
    const std::string_view name = f.function;
    return name.ends_with('>') ? name.substr(0, name.find('<')) : name;
}

}  // namespace

native_functions native_frames(std::span<void* const> innermost_first) {
    native_functions functions;
    auto& frames = functions.frames;
    for (void* const address : innermost_first) frames.push_back(native_function(address));
    std::ranges::reverse(frames);
    const auto hook = std::ranges::find_if(frames, is_of_hooks);
    functions.in_hooked_call = hook != frames.end();
    frames.erase(hook, frames.end());
    frames.erase(std::ranges::find_if_not(frames.rbegin(), frames.rend(), is_machinery).base(), frames.end());
    frames.erase(frames.begin(), std::ranges::find_if_not(frames, is_machinery));
    return functions;
}

bool same_function(const stack_frame& a, const stack_frame& b) { return without_arguments(a) == without_arguments(b); }

}  // namespace weft::inline v0
