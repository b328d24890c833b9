// SPDX-License-Identifier: Apache-2.0
#include <weft/http/deadline.hpp>

#include <weft/base/errors.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/flow/with.hpp>

namespace weft::inline v0::http {

middleware deadline(std::chrono::nanoseconds limit) {
    return [limit](request& r, next rest) -> task<response> {
        timeout time(limit);
        try {
            co_return co_await with(time, [&] { return rest(r); });
        } catch (const timeout_error&) {
            if (!time.expired()) throw;  // it is the handler's own
        }
        throw http_error(status::service_unavailable, "the answer took too long");
    };
}

}  // namespace weft::inline v0::http
