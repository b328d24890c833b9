// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace weft::inline v0::http {

struct compress_options {
    int level = 5;  ///< from 1, the fastest, to 9, the smallest
    /// What is shorter is sent as it is.
    std::size_t min_bytes = 1024;
    /// What gets smaller: media types, "text/*" for all below one, "*+json" for all in that syntax.
    std::vector<std::string> types = {
        "text/*",          "*+json",          "*+xml", "application/json", "application/javascript",
        "application/xml", "application/wasm"};
};

/// Middleware: compresses by gzip what clients take compressed (Accept-Encoding). Streams are compressed as they are
/// written, and a flush() of theirs gets through, so that events do not wait; files are read and compressed on another thread.
///
///     routes.use(http::compress());
///
/// Left alone is what has a Content-Encoding already (precompressed files), what is a part (206), what says "no-transform" in
/// its Cache-Control, and clients of HTTP/1.0. An ETag becomes weak: the bytes are others.
///
/// Not for a page that has a secret and text of a stranger's choice in it, over TLS: whoever can have a browser ask for it,
/// and sees how long the answers are, guesses the secret piece by piece, for a text that repeats it becomes shorter. That is BREACH
/// (http://breachattack.com). Such a page says `Cache-Control: no-transform`, or is on a router without this.
/// @throws std::invalid_argument  no such level; std::logic_error  weft was built without zlib
/// @cost 256 KiB for each thread, 64 KiB for each stream while it is written  @see tornado.web.GZipContentEncoding
middleware compress(compress_options options = {});

}  // namespace weft::inline v0::http
