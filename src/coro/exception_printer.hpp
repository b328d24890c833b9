// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coro/source_lines.hpp"

#include <weft/coro/format_exception.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// Prints exceptions as CPython's traceback.py does, character for character: what each says of itself, what it was thrown
/// for, and the errors of a group as a tree.
class exception_printer {
public:
    void print(const std::exception_ptr& error);
    std::string text() && { return std::move(text_); }

    /// The limits of CPython; causes beyond the last one are left out.
    static constexpr std::size_t widest_group = 15, deepest_group = 10, most_causes = 100;

private:
    void print_one(const std::exception_ptr& error);
    void print_group(const std::exception_ptr& error, const std::vector<std::exception_ptr>& members);
    void print_members(const std::vector<std::exception_ptr>& members);
    bool is_new(const std::exception_ptr& cause);
    std::string format_frames(const std::vector<traced_frame>& frames);
    void emit(std::string_view lines, char margin = '|');
    std::string indent() const { return std::string(2 * depth_, ' '); }

    std::string text_;
    source_lines sources_;
    std::vector<std::exception_ptr> seen_;
    std::size_t depth_ = 0;  // of groups in groups
    bool to_be_closed_ = false;  // the last error of a group is being printed, and nobody has drawn the line below it
};

}  // namespace weft::inline v0
