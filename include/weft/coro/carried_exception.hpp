// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

namespace weft::inline v0 {

/// An exception on its way into or out of a body: a std::exception_ptr as the single pointer that it is (libstdc++, libc++),
/// without the destructor that would want its address. Who has one that is not empty must take or rethrow it.
class carried_exception {
public:
    carried_exception() noexcept = default;
    explicit carried_exception(std::exception_ptr error) noexcept;
    /// The one being handled.
    static carried_exception current() noexcept;

    explicit operator bool() const noexcept { return object_ != nullptr; }
    std::exception_ptr take() noexcept;
    [[noreturn]] static void rethrow(carried_exception error);

private:
    void* object_ = nullptr;
};

}  // namespace weft::inline v0
