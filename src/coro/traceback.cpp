// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/promise_base.hpp>
#include <weft/coro/traceback.hpp>

#include <string_view>

namespace weft::inline v0 {

stack_frame to_stack_frame(std::source_location where) {
    return {readable_function(where.function_name()), where.file_name(), where.line()};
}

std::vector<stack_frame> await_chain(const promise_base* outermost) {
    std::vector<stack_frame> frames;
    for (const promise_base* p = outermost; p; p = p->awaited()) {
        frames.push_back(to_stack_frame(p->where()));
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

// Clang gives the signature, `weft::task<int> app::(anonymous namespace)::compute(int)`; GCC, inside a coroutine, the
// actor's: `void app::{anonymous}::compute(app::{anonymous}::compute(int)::_ZN3app7computeEi.Frame*)`. Without the
// unnamed namespaces, which nobody writes, the name ends before the first parenthesis outside template brackets and
// begins after the last space before it.
std::string readable_function(const char* source_location_name) {
    std::string text = source_location_name;
    for (const std::string_view unnamed : {"(anonymous namespace)::", "{anonymous}::"}) {
        for (auto at = text.find(unnamed); at != std::string::npos; at = text.find(unnamed)) {
            text.erase(at, unnamed.size());
        }
    }
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '<') ++depth;
        if (c == '>') --depth;
        if (depth > 0) continue;
        if (c == ' ') begin = i + 1;
        if (c == '(') {
            // a lambda is `outer(int)::(anonymous class)::operator()(…)`: its name is what came before
            if (i > begin && std::string_view(text).substr(begin, i - begin).ends_with("operator")) continue;
            return text.substr(begin, i - begin);
        }
    }
    return text;
}

}  // namespace weft::inline v0
