// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

namespace weft::inline v0 {

/// What `make` returns, to be thrown elsewhere; what it throws itself, for want of memory.
template <class Make>
std::exception_ptr made_by(Make make) noexcept {
    try {
        return std::make_exception_ptr(make());
    } catch (...) {
        return std::current_exception();
    }
}

}  // namespace weft::inline v0
