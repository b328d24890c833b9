// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/websocket/websocket_core.hpp"

#include <weft/http/headers.hpp>
#include <weft/http/request.hpp>
#include <weft/http/status.hpp>

#include <string>
#include <string_view>
#include <vector>

// The handshake of WebSocket: RFC 6455 4.

namespace weft::inline v0::http {

/// Whether it is sixteen bytes in base64, as Sec-WebSocket-Key is.
bool is_websocket_key(std::string_view text) noexcept;
std::string make_websocket_key();
/// What Sec-WebSocket-Accept says to that key.
std::string accept_of_key(std::string_view key);

/// The members of a field that is a list of tokens. @return false: one of them is none
bool read_tokens(const headers& fields, std::string_view name, std::vector<std::string_view>& into);

/// What is wrong with a request for a WebSocket; nothing, if the sentence is empty.
struct websocket_refusal {
    http::status status = status::bad_request;
    std::string_view sentence = {};
};
websocket_refusal judge_upgrade(const request& r);
/// Whether a browser's page of that origin may connect.
bool is_allowed_origin(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed);

}  // namespace weft::inline v0::http
