// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace weft::inline v0 {

/// A text as JSON writes it, in quotation marks. Bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace weft::inline v0
