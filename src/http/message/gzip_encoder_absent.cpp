// SPDX-License-Identifier: Apache-2.0
// In place of gzip_encoder.cpp where weft is built without zlib: http::compress() says so, and so nothing is encoded.
#include "http/message/gzip_encoder.hpp"

#include <stdexcept>

namespace weft::inline v0::http {

namespace {

[[noreturn]] void absent() { throw std::logic_error("http::compress: weft was built without zlib (WEFT_WITH_ZLIB)"); }

}  // namespace

const bool has_gzip_encoder = false;
struct gzip_encoder::state {};

gzip_encoder::gzip_encoder(int) { absent(); }
gzip_encoder::gzip_encoder(gzip_encoder&&) noexcept = default;
gzip_encoder::~gzip_encoder() = default;
void gzip_encoder::encode(std::string_view, until, std::string&) { absent(); }
std::string gzip_encoder::whole(std::string_view, int) { absent(); }

}  // namespace weft::inline v0::http
