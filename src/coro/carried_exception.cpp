// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/carried_exception.hpp>

#include <cstring>
#include <new>

namespace weft::inline v0 {

static_assert(sizeof(std::exception_ptr) == sizeof(void*));

carried_exception carried_exception::current() noexcept { return carried_exception(std::current_exception()); }

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

}  // namespace weft::inline v0
