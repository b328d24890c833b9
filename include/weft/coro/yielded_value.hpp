// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// What next() and its like give: the yielded value by move, or a pointer when references are yielded; empty at the end.
template <class Yield>
using next_result = std::conditional_t<std::is_reference_v<Yield>, std::add_pointer_t<Yield>, std::optional<Yield>>;

/// The place of the yielded value in a generator's frame. A reference is kept as a pointer.
template <class Yield>
class yielded_value {
public:
    yielded_value() noexcept {}
    yielded_value(const yielded_value&) = delete;
    yielded_value& operator=(const yielded_value&) = delete;
    ~yielded_value() {}

    template <class U>
    void put(U&& value) {
        std::construct_at(std::addressof(value_), std::forward<U>(value));
    }
    void drop() noexcept { std::destroy_at(std::addressof(value_)); }
    Yield&& get() noexcept { return std::move(value_); }
    std::optional<Yield> take() { return std::optional<Yield>(std::move(value_)); }
    static std::optional<Yield> nothing() noexcept { return std::nullopt; }

private:
    union {
        Yield value_;
    };
};
template <class Yield>
    requires std::is_reference_v<Yield>
class yielded_value<Yield> {
public:
    void put(Yield value) noexcept { value_ = std::addressof(value); }
    void drop() noexcept {}
    Yield get() noexcept { return static_cast<Yield>(*value_); }
    std::add_pointer_t<Yield> take() noexcept { return value_; }
    static std::add_pointer_t<Yield> nothing() noexcept { return nullptr; }

private:
    std::add_pointer_t<Yield> value_ = nullptr;
};

}  // namespace weft::inline v0
