// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace weft::inline v0::http {

struct static_files_options {
    /// What is sent for a folder; empty: nothing.
    std::string index = "index.html";
    /// Where there is no index, say what is in the folder.
    bool lists_folders = false;
    /// Send `x.br` or `x.gz`, if it is there and the client takes it, for `x`.
    bool precompressed = true;
    /// Serve what begins with a dot. "/.well-known/" always is.
    bool dot_files = false;
    /// For Cache-Control. Empty: clients ask each time whether it has changed.
    std::optional<std::chrono::seconds> max_age = std::nullopt;
};

/// A handler for the files of a folder, and nothing outside of it: neither ".." nor links lead out (openat2(2) with
/// RESOLVE_BENEATH; Linux 5.6). Conditional requests (ETag, Last-Modified) and ranges are answered.
///
///     routes.get("/static/{file:path}", http::static_files("public"));
///
/// What the route's last parameter stands for is looked up; without one, the whole path.
/// @param folder  opened now: may be renamed later  @throws std::system_error  it cannot be opened
/// @cost a call on the default executor, which opens the file; sendfile(2) sends it
/// @see tornado.web.StaticFileHandler, nginx's root and gzip_static
handler static_files(const std::string& folder, static_files_options options = {});

}  // namespace weft::inline v0::http
