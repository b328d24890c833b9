// SPDX-License-Identifier: Apache-2.0
#include "coro/exception_printer.hpp"
#include "coro/exception_table.hpp"
#include "coro/native_stack.hpp"

#include <weft/coro/format_exception.hpp>

#include <cstdio>
#include <ranges>
#include <utility>
#include <vector>

namespace weft::inline v0 {

std::vector<traced_frame> traceback_of(const std::exception_ptr& error) {
    std::vector<traced_frame> frames;
    if (!error) return frames;
    const exception_path path = exception_table::instance().path(object_of(error));
    std::vector<void*> functions;  // on one fiber's stack, in a row
    const auto add_functions = [&] {
        for (stack_frame& f : native_frames(functions).frames) frames.push_back({std::move(f)});
        functions.clear();
    };
    const auto add = [&](const exception_path::place& p) {
        if (p.function) return (void)functions.insert(functions.begin(), p.times, p.function);
        add_functions();
        const stack_frame here = to_stack_frame(p.where);
        // The innermost of a fiber's functions is the one that awaited, of which this knows the line.
        if (!frames.empty() && frames.back().line == 0 && same_function(frames.back(), here)) frames.pop_back();
        frames.push_back({here, p.times});
    };
    for (const exception_path::place& p : path.last() | std::views::reverse) add(p);
    add_functions();
    if (path.left_out() > 0 && !frames.empty()) frames.back().left_out = path.left_out();
    for (const exception_path::place& p : path.first() | std::views::reverse) add(p);
    add_functions();
    return frames;
}

std::string format_exception(const std::exception_ptr& error) {
    exception_printer printer;
    printer.print(error);
    return std::move(printer).text();
}

void print_exception(const std::exception_ptr& error) noexcept {
    try {
        std::fputs(format_exception(error).c_str(), stderr);
    } catch (...) {
        std::fputs("weft: there is no memory to print an exception\n", stderr);
    }
}

}  // namespace weft::inline v0
