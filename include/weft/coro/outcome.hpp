// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/result.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// What became of something: its value, or the exception it ended with (a cancelled_error, too). For code that wants to
/// look before it throws. @see gather_settled, try_
template <class T = void>
class outcome {
public:
    /// A failed one. @param error  not null
    explicit outcome(std::exception_ptr error) noexcept { result_.set_exception(std::move(error)); }
    template <class... U>
        requires(std::is_void_v<T> ? sizeof...(U) == 0 : sizeof...(U) == 1)
    explicit outcome(std::in_place_t, U&&... value) {
        result_.set_value(std::forward<U>(value)...);
    }

    bool has_value() const noexcept { return !result_.exception(); }
    explicit operator bool() const noexcept { return has_value(); }

    /// @throws the exception, if that is what it is
    std::add_lvalue_reference_t<const T> value() const& { return result_.peek(); }
    T value() && { return result_.take(); }

    /// Null if there is a value.
    const std::exception_ptr& exception() const noexcept { return result_.exception(); }
    /// Whether it ended with an `E`.
    template <class E>
    bool failed_with() const {
        if (has_value()) return false;
        try {
            std::rethrow_exception(exception());
        } catch (const E&) {
            return true;
        } catch (...) {
            return false;
        }
    }

private:
    result<T> result_;
};

}  // namespace weft::inline v0
