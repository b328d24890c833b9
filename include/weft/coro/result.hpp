// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// Out of the way of what returns values.
[[noreturn, gnu::cold]] void rethrow_failure(const std::exception_ptr& error);

/// Where a coroutine leaves what it returned or threw: empty, a value, or an exception. `T` may be void or a reference.
template <class T>
class result {
    using stored = std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>;

public:
    template <class U>
    void set_value(U&& value) {
        if constexpr (std::is_reference_v<T>) {
            value_.emplace(std::addressof(value));
        } else {
            value_.emplace(std::forward<U>(value));
        }
    }
    /// In place of the value, if there is one already.
    void set_exception(std::exception_ptr error) noexcept {
        value_.reset();
        error_ = std::move(error);
    }

    bool has_value() const noexcept { return value_.has_value(); }
    const std::exception_ptr& exception() const noexcept { return error_; }

    /// The value by move, or the exception thrown. Precondition: not empty.
    T take() {
        if (error_) [[unlikely]]
            rethrow_failure(error_);
        if constexpr (std::is_reference_v<T>) {
            return static_cast<T>(**value_);
        } else {
            return std::move(*value_);
        }
    }

    /// The value in place, or the exception thrown. Precondition: not empty.
    std::add_lvalue_reference_t<const T> peek() const {
        if (error_) [[unlikely]]
            rethrow_failure(error_);
        if constexpr (std::is_reference_v<T>) {
            return **value_;
        } else {
            return *value_;
        }
    }

private:
    std::optional<stored> value_;
    std::exception_ptr error_;
};

template <>
class result<void> {
public:
    void set_value() noexcept {}
    void set_exception(std::exception_ptr error) noexcept { error_ = std::move(error); }
    const std::exception_ptr& exception() const noexcept { return error_; }
    void take() {
        if (error_) [[unlikely]]
            rethrow_failure(error_);
    }
    void peek() const {
        if (error_) [[unlikely]]
            rethrow_failure(error_);
    }

private:
    std::exception_ptr error_;
};

}  // namespace weft::inline v0
