// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace weft::inline v0::http {

/// Of the kernel's, which nobody can predict; a forked child gets others than its parent. Many small requests are one system
/// call.
/// @throws std::system_error
void fill_with_random_bytes(std::span<char> bytes);

}  // namespace weft::inline v0::http
