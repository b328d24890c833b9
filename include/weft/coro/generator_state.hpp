// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace weft::inline v0 {

/// Where a generator stands, sync or async. @see inspect.getgeneratorstate, inspect.getasyncgenstate
enum class generator_state {
    created,    ///< the body has not begun
    running,    ///< it runs; an async one may be waiting at a co_await
    suspended,  ///< at a co_yield
    closed,     ///< the body has ended, or never will begin
};

}  // namespace weft::inline v0
