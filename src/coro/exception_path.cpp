// SPDX-License-Identifier: Apache-2.0
#include "coro/exception_path.hpp"

#include <cstring>

namespace weft::inline v0 {

namespace {

/// By what they say, for a template or an inline function may have several such objects for one place.
bool same(const std::source_location& a, const std::source_location& b) noexcept {
    return a.line() == b.line() && a.column() == b.column() && std::strcmp(a.file_name(), b.file_name()) == 0 &&
           std::strcmp(a.function_name(), b.function_name()) == 0;
}

bool same_function(const std::source_location& a, const std::source_location& b) noexcept {
    return std::strcmp(a.function_name(), b.function_name()) == 0 && std::strcmp(a.file_name(), b.file_name()) == 0;
}

}  // namespace

void exception_path::add(const place& p) {
    std::vector<place>& end = last_.empty() ? first_ : last_;
    if (!end.empty()) {
        place& before = end.back();
        if (before.is_call && !p.is_call && !p.function && same_function(before.where, p.where)) {
            before.is_call =
                false;  // the coroutine made the call itself, and that place is nearer than its last co_await
            return;
        }
        if (before.is_call == p.is_call && before.function == p.function && same(before.where, p.where)) {
            before.times += p.times;
            return;
        }
    }
    if (first_.size() < longest_end) return first_.push_back(p);
    if (last_.size() < longest_end) return last_.push_back(p);
    left_out_ += last_.front().times;
    last_.erase(last_.begin());
    last_.push_back(p);  // there is room
}

}  // namespace weft::inline v0
