// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/carried_exception.hpp>
#include <weft/coro/trace_exception.hpp>

#include <cstring>
#include <new>
#include <utility>

namespace weft::inline v0 {

static_assert(sizeof(std::exception_ptr) == sizeof(void*));

carried_exception carried_exception::current() noexcept { return carried_exception(std::current_exception()); }

carried_exception carried_exception::leaving(std::source_location where) noexcept {
    return carried_exception(exception_leaving(where));
}

carried_exception::carried_exception(std::exception_ptr error) noexcept {
    std::memcpy(&object_, &error, sizeof object_);
    ::new (&error) std::exception_ptr;  // what it held is here now
}

std::exception_ptr carried_exception::take() noexcept {
    std::exception_ptr error;
    std::memcpy(static_cast<void*>(&error), &object_, sizeof object_);
    object_ = nullptr;
    return error;
}

void carried_exception::rethrow(carried_exception error) { std::rethrow_exception(error.take()); }

void carried_exception::rethrow(carried_exception error, std::source_location caller) {
    std::exception_ptr thrown = error.take();
    trace_call(thrown, caller);
    std::rethrow_exception(std::move(thrown));
}

}  // namespace weft::inline v0
