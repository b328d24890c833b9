// SPDX-License-Identifier: Apache-2.0
// What tests of tracebacks have in common.
#pragma once

#include <weft/coro/format_exception.hpp>

#include <algorithm>
#include <coroutine>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace weft_test {

/// `co_await raising("no")` throws a std::runtime_error: an await at which a body stands when it fails, whatever the
/// compiler takes for its first line.
class raising {
public:
    explicit raising(std::string what) : error_(std::make_exception_ptr(std::runtime_error(std::move(what)))) {}
    explicit raising(std::exception_ptr error) : error_(std::move(error)) {}
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const { std::rethrow_exception(error_); }

private:
    std::exception_ptr error_;
};

/// A traceback with the frames on one line each, `function: line of source`, which is what a test can know.
inline std::string outline(std::string_view traceback) {
    constexpr std::string_view in = "\", line ";
    std::string text;
    while (!traceback.empty()) {
        const auto take_line = [&] {
            const std::string_view line = traceback.substr(0, traceback.find('\n'));
            traceback.remove_prefix(std::min(line.size() + 1, traceback.size()));
            return line;
        };
        const std::string_view line = take_line();
        const auto begin = line.find("File \""), end = line.find(in);
        if (begin == std::string_view::npos || end == std::string_view::npos) {
            text.append(line).append("\n");
            continue;
        }
        text.append(line.substr(0, begin)).append(line.substr(line.find(", in ", end) + 5));
        const std::string before(std::string(line.substr(0, begin)) + "  ");
        if (traceback.starts_with(before) && !traceback.substr(before.size()).starts_with('['))
            text.append(": ").append(take_line().substr(before.size()));
        text += '\n';
    }
    return text;
}
inline std::string outline(const std::exception_ptr& error) { return outline(weft::format_exception(error)); }

/// What a call throws; null if nothing.
template <class F>
std::exception_ptr thrown_by(F&& f) {
    try {
        std::forward<F>(f)();
    } catch (...) {
        return std::current_exception();
    }
    return nullptr;
}

}  // namespace weft_test
