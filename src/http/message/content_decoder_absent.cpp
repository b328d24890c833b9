// SPDX-License-Identifier: Apache-2.0
// In place of content_decoder.cpp where weft is built without zlib: no coding is known, and so none is decoded.
#include "http/message/content_decoder.hpp"

namespace weft::inline v0::http {

struct content_decoder::state {};

const bool has_content_decoder = false;

std::optional<content_coding> to_content_coding(std::string_view) noexcept { return std::nullopt; }

content_decoder::content_decoder(content_coding, unsigned) {
    throw std::logic_error("http: weft was built without zlib (WEFT_WITH_ZLIB)");
}
content_decoder::content_decoder(content_decoder&&) noexcept = default;
content_decoder& content_decoder::operator=(content_decoder&&) noexcept = default;
content_decoder::~content_decoder() = default;
std::size_t content_decoder::decode(std::string_view&, std::span<std::byte>) { return 0; }
bool content_decoder::is_whole() const noexcept { return true; }

}  // namespace weft::inline v0::http
