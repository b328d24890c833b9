// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/loop/context.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weft::inline v0 {

/// Tells one variable from every other one.
std::uint64_t next_context_variable() noexcept;

template <std::copy_constructible T>
class context_var;

/// What set() gives: how to put things back, once. @see contextvars.Token
template <std::copy_constructible T>
class [[nodiscard("keep it to reset() the variable, or assign it to std::ignore")]] context_token {
public:
    /// The value before; empty if the variable was not set.
    std::optional<T> old_value() const {
        return old_ ? std::optional<T>(*static_cast<const T*>(old_.get())) : std::nullopt;
    }

private:
    friend class context_var<T>;
    context_token(std::uint64_t variable, context_reference where, std::shared_ptr<const void> old)
        : variable_(variable), where_(std::move(where)), old_(std::move(old)) {}

    std::uint64_t variable_;
    context_reference where_;  // null: used
    std::shared_ptr<const void> old_;
};

/// A variable that every task has for itself: the id of the request it serves, its transaction. A task starts with what
/// its creator had. Declare one at namespace scope, or where it outlives those that use it.
///
///     const context_var<std::string> request_id{"none"};
///     auto token = request_id.set("42");   …   request_id.reset(token);
///
/// @thread any; what it is set to belongs to the running task  @cost get: a short search, and the copy of a T
/// @see contextvars.ContextVar
template <std::copy_constructible T>
class context_var {
public:
    /// Without a default: get() throws while it is not set.
    context_var() = default;
    context_var(T by_default) : default_(std::move(by_default)) {}
    context_var(const context_var&) = delete;
    context_var& operator=(const context_var&) = delete;

    /// @throws invalid_state_error  it is not set, and has no default
    T get() const {
        if (const T* value = find()) return *value;
        if (!default_) throw invalid_state_error("context_var: it is not set here, and has no default");
        return *default_;
    }
    T get(T otherwise) const {
        const T* value = find();
        return value ? *value : std::move(otherwise);
    }

    /// @throws no_running_loop_error  neither a loop nor run_in() runs on this thread
    context_token<T> set(T value) const {
        context_reference& where = context_to_change();
        const auto* found = where->find(id_);
        context_token<T> token(id_, where, found ? *found : nullptr);
        where->assign(id_, std::make_shared<const T>(std::move(value)));
        return token;
    }

    /// Undoes the set() that gave the token.
    /// @throws invalid_state_error  used before, another variable's, or made in another context
    void reset(context_token<T>& token) const {
        if (!token.where_) throw invalid_state_error("context_var: this token was used before");
        if (token.variable_ != id_) throw invalid_state_error("context_var: this token was made by another variable");
        if (token.where_ != context_to_change())
            throw invalid_state_error("context_var: this token was made in another context");
        std::exchange(token.where_, nullptr)->assign(id_, std::move(token.old_));
    }
    void reset(context_token<T>&& token) const { reset(token); }

private:
    const T* find() const noexcept {
        const context_core* here = present_context();
        const auto* found = here ? here->find(id_) : nullptr;
        return found ? static_cast<const T*>(found->get()) : nullptr;
    }

    std::uint64_t id_ = next_context_variable();
    std::optional<T> default_;
};

}  // namespace weft::inline v0
