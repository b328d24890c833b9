// SPDX-License-Identifier: Apache-2.0
// In place of websocket_deflate.cpp where weft is built without zlib: it is not agreed on, and so never called.
#include "http/websocket/websocket_deflate.hpp"

#include <stdexcept>

namespace weft::inline v0::http {

namespace {

[[noreturn]] void absent() { throw std::logic_error("websocket: weft was built without zlib (WEFT_WITH_ZLIB)"); }

}  // namespace

const bool has_deflate = false;
struct deflate_stream {};

message_deflater::message_deflater(deflate_direction) { absent(); }
message_deflater::message_deflater(message_deflater&&) noexcept = default;
message_deflater::~message_deflater() = default;
void message_deflater::deflate(std::string_view, std::string&) { absent(); }

message_inflater::message_inflater(deflate_direction) { absent(); }
message_inflater::message_inflater(message_inflater&&) noexcept = default;
message_inflater::~message_inflater() = default;
message_inflater::result message_inflater::inflate(std::string_view, std::size_t, std::string&) { absent(); }

}  // namespace weft::inline v0::http
