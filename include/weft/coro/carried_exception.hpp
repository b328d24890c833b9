// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <source_location>

namespace weft::inline v0 {

/// An exception on its way into or out of a body: a std::exception_ptr as the single pointer that it is (libstdc++, libc++),
/// without the destructor that would want its address. Who has one that is not empty must take or rethrow it.
class carried_exception {
public:
    carried_exception() noexcept = default;
    explicit carried_exception(std::exception_ptr error) noexcept;
    /// The one being handled.
    static carried_exception current() noexcept;
    /// The one being handled, which leaves a body that stands at `where`.
    static carried_exception leaving(std::source_location where) noexcept;

    explicit operator bool() const noexcept { return object_ != nullptr; }
    std::exception_ptr take() noexcept;
    [[noreturn]] static void rethrow(carried_exception error);
    /// The same out of an ordinary call, made at `caller`.
    [[noreturn]] static void rethrow(carried_exception error, std::source_location caller);

private:
    void* object_ = nullptr;
};

}  // namespace weft::inline v0
