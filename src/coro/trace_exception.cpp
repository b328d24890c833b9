// SPDX-License-Identifier: Apache-2.0
#include "coro/exception_table.hpp"
#include "coro/thrown_object.hpp"

#include <weft/coro/trace_exception.hpp>

#include <cxxabi.h>

namespace weft::inline v0 {

std::exception_ptr exception_leaving(std::source_location where) noexcept {
    std::exception_ptr error = std::current_exception();
    if (error) exception_table::instance().add_coroutine(object_of(error), abi::__cxa_current_exception_type(), where);
    return error;
}

void trace_call(const std::exception_ptr& error, std::source_location where) noexcept {
    exception_table::instance().add_call(object_of(error), where);
}

void keep_trace(const std::exception_ptr& error, const void* owner) noexcept {
    if (!error) return;
    exception_table& table = exception_table::instance();
    if (table.knows(object_of(error))) return table.keep(object_of(error), nullptr, owner);
    try {  // it has no path yet, and each who gets it from the owner begins one
        std::rethrow_exception(error);
    } catch (...) {
        table.keep(object_of(error), abi::__cxa_current_exception_type(), owner);
    }
}

bool restore_trace(const std::exception_ptr& error, const void* owner) noexcept {
    return error && exception_table::instance().restore(object_of(error), owner);
}

void rethrow_kept(const std::exception_ptr& error, const void* owner) {
    if (!restore_trace(error, owner)) keep_trace(error, owner);
    std::rethrow_exception(error);
}

}  // namespace weft::inline v0
