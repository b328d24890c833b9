// SPDX-License-Identifier: Apache-2.0
#include "http/utf8.hpp"

#include "http/websocket_utf8.hpp"

namespace weft::inline v0::http {

bool is_utf8(std::string_view text) noexcept {
    websocket_utf8 validator;
    return validator.add(text) && validator.is_complete();
}

}  // namespace weft::inline v0::http
