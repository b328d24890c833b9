// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/loop/event_loop.hpp>

#include <exception>
#include <utility>

namespace weft::inline v0 {

/// When there was no memory for the message: it goes to stderr as it is, and the rest of the context to the handler, if
/// there is one. @param context  without a message
void report_without_memory(event_loop& loop, const char* message, const error_context& context) noexcept;

/// Calls the exception handler where nothing may be thrown: what there is no memory for is left out.
/// @param fill  puts into the context what it is to say besides, or a longer message
template <class Fill>
void report(event_loop& loop, const char* message, std::exception_ptr error, Fill fill) noexcept {
    error_context context{.message = {}, .exception = std::move(error)};
    bool has_message = false;
    try {
        context.message = message;
        has_message = true;
        fill(context);
    } catch (...) {
        if (!has_message) return report_without_memory(loop, message, context);
    }
    loop.call_exception_handler(context);
}
inline void report(event_loop& loop, const char* message, std::exception_ptr error) noexcept {
    report(loop, message, std::move(error), [](error_context&) {});
}

}  // namespace weft::inline v0
