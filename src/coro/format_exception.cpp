// SPDX-License-Identifier: Apache-2.0
#include "coro/exception_printer.hpp"
#include "coro/exception_table.hpp"

#include <weft/coro/format_exception.hpp>

#include <cstdio>
#include <ranges>

namespace weft::inline v0 {

std::vector<traced_frame> traceback_of(const std::exception_ptr& error) {
    std::vector<traced_frame> frames;
    if (!error) return frames;
    const exception_path path = exception_table::instance().path(object_of(error));
    const auto add = [&](const exception_path::place& p) { frames.push_back({to_stack_frame(p.where), p.times}); };
    for (const exception_path::place& p : path.last() | std::views::reverse) add(p);
    if (path.left_out() > 0) frames.back().left_out = path.left_out();
    for (const exception_path::place& p : path.first() | std::views::reverse) add(p);
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
