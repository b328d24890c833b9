// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/describe_exception.hpp>  // IWYU pragma: export

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace weft::inline v0 {

class promise_base;

/// One coroutine of a chain of awaits, and where it stands; or an ordinary function on a fiber's stack. Where of such a
/// function no more than its name is known, the line is 0 and the file the program or library that it is in.
struct stack_frame {
    std::string function;
    std::string file;
    std::uint32_t line = 0;
};

stack_frame to_stack_frame(std::source_location where);

/// The chain of awaits from `outermost` (may be null) inwards: the innermost coroutine last. A fiber in it is all the
/// functions on its stack, from the one that it was made for to the one that has called await().
std::vector<stack_frame> await_chain(const promise_base* outermost);

/// Python's layout, a line per frame: `  File "server.cpp", line 12, in handle`.
std::string format_stack(const std::vector<stack_frame>& frames);

/// A function's name as a person wrote it, from what std::source_location says: `serve` from
/// `weft::task<> serve(weft::stream)` or from a compiler's name of its frame type.
std::string readable_function(const char* source_location_name);

}  // namespace weft::inline v0
