// SPDX-License-Identifier: Apache-2.0
// URLs, references, paths and forms: what is written is read back as the same, and nothing leads out of the root.
#include "require.hpp"

#include <weft/http/form.hpp>
#include <weft/http/http_error.hpp>
#include <weft/http/path.hpp>
#include <weft/http/percent.hpp>
#include <weft/http/url.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace http = weft::http;
using weft_fuzz::require;

namespace {

void require_written_and_read(const http::url& u) {
    const http::url again(u.to_string());
    require(again.to_string() == u.to_string() && again.host() == u.host() && again.port() == u.port(),
            "a URL is read back");
    require(u.resolve("").target() == u.target(), "nothing leads where one is");
    require(u.resolve(u.to_string()).to_string() == u.to_string(), "a URL is a reference to itself");
    require(u.path().starts_with('/') && (u.path() + "/").find("/../") == std::string::npos, "a path has no dots");
    for (const char c : u.to_string()) require(c > ' ' && c <= '~' && c != '\\', "a URL is plain");
}

void try_url(std::string_view base, std::string_view reference) {
    try {
        const http::url u(base);
        require_written_and_read(u);
        require_written_and_read(u.resolve(reference));
    } catch (const std::invalid_argument&) {
    }
}

void try_path(std::string_view raw) {
    try {
        const std::string path = http::decode_path(raw);
        require(path.starts_with('/') && std::ranges::none_of(path, [](char c) { return c == '\0' || c == '\\'; }),
                "a path is plain");
        require((path + "/").find("/../") == std::string::npos && (path + "/").find("/./") == std::string::npos,
                "a path stays below");
        require(http::decode_path(http::percent_encode(path, "/")) == path, "a path is read back");
    } catch (const http::http_error&) {
    }
}

void try_form(std::string_view text) {
    try {
        const http::form form = http::form::parse(text);
        require(http::form::parse(form.to_string()) == form, "a form is read back");
    } catch (const http::http_error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t line = std::min(text.find('\n'), text.size());
    try_url(text.substr(0, line), text.substr(std::min(line + 1, text.size())));
    try_url("http://user@host.example/a/b?c", text);
    try_path(text);
    try_form(text);
    require(http::percent_decode(http::percent_encode(text)) == text, "all bytes are read back");
    return 0;
}
