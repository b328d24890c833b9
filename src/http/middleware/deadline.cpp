// SPDX-License-Identifier: Apache-2.0
#include <weft/http/deadline.hpp>

#include <weft/base/errors.hpp>
#include <weft/flow/timeout.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// What became of it, where it was in time. Else it was the deadline that ended it, and no timeout of the handler's own.
task<std::optional<response>> in_time(task<response> answers, std::chrono::nanoseconds limit) {
    timeout deadline(limit);
    co_await deadline.enter();
    std::exception_ptr error;
    std::optional<response> answer;
    try {
        answer.emplace(co_await std::move(answers));
    } catch (...) {
        error = std::current_exception();
    }
    try {
        co_await deadline.exit(error);
    } catch (const timeout_error&) {
        co_return std::nullopt;
    }
    if (error) std::rethrow_exception(error);
    co_return answer;
}

}  // namespace

middleware deadline(std::chrono::nanoseconds limit) {
    return [limit](request& r, next rest) -> task<response> {
        std::optional<response> answer = co_await in_time(rest(r), limit);
        if (!answer) throw http_error(status::service_unavailable, "the answer took too long");
        co_return *std::move(answer);
    };
}

}  // namespace weft::inline v0::http
