// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/result.hpp>

namespace weft::inline v0 {

void rethrow_failure(const std::exception_ptr& error) { std::rethrow_exception(error); }

}  // namespace weft::inline v0
