// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/promise_base.hpp>
#include <weft/coro/traceback.hpp>

namespace weft::inline v0 {

stack_frame to_stack_frame(std::source_location where) {
    return {readable_function(where.function_name()), where.file_name(), where.line()};
}

std::vector<stack_frame> await_chain(const promise_base* outermost) {
    std::vector<stack_frame> frames;
    const char* name = nullptr;
    for (const promise_base* p = outermost; p; p = p->awaited()) {
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
        text += "  File \"" + f.file + "\", line " + std::to_string(f.line) + ", in " + f.function + "\n";
    }
    return text;
}

}  // namespace weft::inline v0
