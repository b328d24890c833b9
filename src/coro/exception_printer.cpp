// SPDX-License-Identifier: Apache-2.0
#include "coro/exception_printer.hpp"

#include <weft/base/describe_exception.hpp>
#include <weft/base/exception_group.hpp>

#include <algorithm>
#include <optional>

namespace weft::inline v0 {

namespace {

/// The errors in a group; unset if it is none.
std::optional<std::vector<std::exception_ptr>> members_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const exception_group& g) {
        return g.exceptions();
    } catch (...) {
        return std::nullopt;
    }
}

/// What was being handled when it was thrown, by std::throw_with_nested.
std::exception_ptr cause_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::nested_exception& e) {
        return e.nested_ptr();
    } catch (...) {
        return nullptr;
    }
}

/// Its last line, or lines: a group does not tell of its errors there.
std::string final_lines(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const exception_group& g) {
        const std::size_t count = g.exceptions().size();
        return exception_type_name(error) + ": " + g.message() + " (" + std::to_string(count) +
               (count == 1 ? " sub-exception)\n" : " sub-exceptions)\n");
    } catch (...) {
        return describe_exception(error) + "\n";
    }
}

/// weft's own coroutines: somebody who looks for an error looks in his own first.
bool is_wefts(const stack_frame& f) { return f.function.starts_with("weft::"); }

bool same(const stack_frame& a, const stack_frame& b) {
    return a.line == b.line && a.function == b.function && a.file == b.file;
}

std::string plural(std::size_t count, const char* word) {
    return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

}  // namespace

void exception_printer::print(const std::exception_ptr& error) {
    if (!error) return emit("no exception\n");
    std::vector<std::exception_ptr> chain{error};
    seen_.push_back(error);
    while (chain.size() <= most_causes) {
        std::exception_ptr cause = cause_of(chain.back());
        if (!cause || !is_new(cause)) break;
        chain.push_back(std::move(cause));
    }
    for (auto e = chain.rbegin(); e != chain.rend(); ++e) {
        if (e != chain.rbegin()) {
            emit("\nThe above exception was the direct cause of the following exception:\n\n");
        }
        print_one(*e);
    }
}

bool exception_printer::is_new(const std::exception_ptr& cause) {
    if (std::ranges::find(seen_, cause) != seen_.end()) return false;
    seen_.push_back(cause);
    return true;
}

void exception_printer::print_one(const std::exception_ptr& error) {
    if (const auto members = members_of(error)) return print_group(error, *members);
    if (const auto frames = traceback_of(error); !frames.empty()) {
        emit("Traceback (most recent call last):\n");
        emit(format_frames(frames));
    }
    emit(final_lines(error));
}

void exception_printer::print_group(const std::exception_ptr& error, const std::vector<std::exception_ptr>& members) {
    if (depth_ > deepest_group) return emit("... (max_group_depth is " + std::to_string(deepest_group) + ")\n");
    const bool outermost = depth_ == 0;
    if (outermost) ++depth_;
    if (const auto frames = traceback_of(error); !frames.empty()) {
        emit("Exception Group Traceback (most recent call last):\n", outermost ? '+' : '|');
        emit(format_frames(frames));
    }
    emit(final_lines(error));
    print_members(members);
    if (outermost) depth_ = 0;
}

void exception_printer::print_members(const std::vector<std::exception_ptr>& members) {
    const std::size_t shown = std::min(members.size(), widest_group + 1);
    to_be_closed_ = false;
    for (std::size_t i = 0; i < shown; ++i) {
        const bool is_last = i + 1 == shown, is_rest = i == widest_group;
        if (is_last) to_be_closed_ = true;
        text_ += indent() + (i == 0 ? "+-" : "  ") + "+---------------- " +
                 (is_rest ? std::string("...") : std::to_string(i + 1)) + " ----------------\n";
        ++depth_;
        if (is_rest) {
            emit("and " + plural(members.size() - widest_group, "more exception") + "\n");
        } else {
            print(members[i]);
        }
        if (is_last && to_be_closed_) {
            text_ += indent() + "+------------------------------------\n";
            to_be_closed_ = false;
        }
        --depth_;
    }
}

std::string exception_printer::format_frames(const std::vector<traced_frame>& frames) {
    constexpr std::size_t shown_of_recursion = 3;
    const bool all_are_wefts = std::ranges::all_of(frames, is_wefts);
    std::string text;
    const stack_frame* before = nullptr;
    std::size_t times = 0;  // it was there in a row
    const auto end_recursion = [&] {
        if (times > shown_of_recursion)
            text += "  [Previous line repeated " + plural(times - shown_of_recursion, "more time") + "]\n";
        times = 0;
    };
    for (const traced_frame& f : frames) {
        if (all_are_wefts || !is_wefts(f)) {
            if (times > 0 && !same(*before, f)) end_recursion();
            std::string source;
            for (std::size_t i = 0; i < f.times && times + i < shown_of_recursion; ++i) {
                text += format_stack({f});
                if (i == 0) source = sources_.line(f.file, f.line);
                if (!source.empty()) text += "    " + source + "\n";
            }
            before = &f;
            times += f.times;
        }
        if (f.left_out > 0) {
            end_recursion();
            text += "  [" + plural(f.left_out, "frame") + " left out]\n";
        }
    }
    end_recursion();
    return text;
}

void exception_printer::emit(std::string_view lines, char margin) {
    std::string before = indent();
    if (depth_ > 0) before += {margin, ' '};
    while (!lines.empty()) {
        const std::size_t length = std::min(lines.find('\n'), lines.size() - 1) + 1;
        text_ += before;
        text_ += lines.substr(0, length);
        lines.remove_prefix(length);
    }
}

}  // namespace weft::inline v0
