// SPDX-License-Identifier: Apache-2.0
#include "coro/native_stack.hpp"

#include <weft/coro/promise_base.hpp>
#include <weft/coro/traceback.hpp>

namespace weft::inline v0 {

stack_frame to_stack_frame(std::source_location where) {
    return {readable_function(where.function_name()), where.file_name(), where.line()};
}

std::vector<stack_frame> await_chain(const promise_base* outermost) {
    std::vector<stack_frame> frames;
    const char* name = nullptr;
    const native_frames_function add_native_frames = add_native_frames_of.load(std::memory_order_acquire);
    for (const promise_base* p = outermost; p; p = p->awaited()) {
        if (add_native_frames && add_native_frames(*p, frames)) {
            name = nullptr;
            continue;
        }
        const std::source_location& where = p->where();
        if (where.function_name() == name) {  // recursion: the name has been read already
            frames.push_back({frames.back().function, where.file_name(), where.line()});
        } else {
            name = where.function_name();
            frames.push_back(to_stack_frame(where));
        }
    }
    return frames;
}

std::string format_stack(const std::vector<stack_frame>& frames) {
    std::string text;
    for (const stack_frame& f : frames) {
        text += "  File \"" + f.file + "\", " + (f.line ? "line " + std::to_string(f.line) + ", in " : "in ") +
                f.function + "\n";
    }
    return text;
}

}  // namespace weft::inline v0
