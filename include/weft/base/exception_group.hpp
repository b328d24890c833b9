// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// Several errors that left together, as those of a task_group do. May hold groups in turn. Copies share the errors.
/// @thread any  @see ExceptionGroup, PEP 654
class exception_group : public std::exception {
public:
    /// @param exceptions  at least one, none of them null  @throws std::invalid_argument
    exception_group(std::string message, std::vector<std::exception_ptr> exceptions);

    /// The message and every error in it, nested groups indented, a line each.
    const char* what() const noexcept override { return shared_->text.c_str(); }
    const std::string& message() const noexcept { return shared_->message; }
    const std::vector<std::exception_ptr>& exceptions() const noexcept { return shared_->exceptions; }

    using predicate = std::function<bool(const std::exception_ptr&)>;
    using parts = std::pair<std::optional<exception_group>, std::optional<exception_group>>;

    /// The same tree of groups with only the errors that are an `E` (or that `wanted` chooses); empty if there is none.
    template <class E>
    std::optional<exception_group> subgroup() const {
        return subgroup(is_a<E>);
    }
    std::optional<exception_group> subgroup(const predicate& wanted) const { return split(wanted).first; }

    /// The errors that are an `E`, and the rest.
    template <class E>
    parts split() const {
        return split(is_a<E>);
    }
    parts split(const predicate& wanted) const;

    /// Whether there is an `E` in it, at any depth.
    template <class E>
    bool matches() const {
        return subgroup<E>().has_value();
    }

private:
    struct content {
        std::string message;
        std::vector<std::exception_ptr> exceptions;
        std::string text;
    };
    template <class E>
    static bool is_a(const std::exception_ptr& error) {
        try {
            std::rethrow_exception(error);
        } catch (const E&) {
            return true;
        } catch (...) {
            return false;
        }
    }

    std::shared_ptr<const content> shared_;
};

}  // namespace weft::inline v0
