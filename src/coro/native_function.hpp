// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/traceback.hpp>

namespace weft::inline v0 {

/// The function of this program that `address` is in, by the symbols of the file it came from: "parse", or where there are none
/// "server+0x1f3a", which addr2line understands. Line 0, for symbols know of none. @cost the first of a file sorts its symbols
stack_frame native_function(const void* address);

}  // namespace weft::inline v0
