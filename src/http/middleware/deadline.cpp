// SPDX-License-Identifier: Apache-2.0
#include <weft/http/deadline.hpp>

#include <weft/base/errors.hpp>
#include <weft/flow/wait_for.hpp>

namespace weft::inline v0::http {

middleware deadline(std::chrono::nanoseconds limit) {
    return [limit](request& r, next rest) -> task<response> {
        try {
            co_return co_await wait_for(rest(r), limit);
        } catch (const timeout_error&) {
        }
        throw http_error(status::service_unavailable, "the answer took too long");
    };
}

}  // namespace weft::inline v0::http
