// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace weft::inline v0::http {

enum class client_errc : std::uint8_t {
    malformed,           ///< what came is no response, or one that two programs would read differently
    cut_off,             ///< the server ended the connection before the response was over, or had begun
    too_large,           ///< more came than the client's limits allow
    bad_encoding,        ///< the content is not compressed as it says, or is a decompression bomb
    too_many_redirects,
    bad_redirect,        ///< to where the client does not go: from https to http, to another scheme, to no URL
    proxy_refused,       ///< the proxy would not connect
};

/// What is wrong with the other side's HTTP. what() names the request: "GET https://example.org/a: …".
///
/// What goes wrong below it is a std::system_error (connect_error, resolve_error, tls_error, connection_reset), what takes
/// too long a timeout_error, and a status of 400 and more no error until raise_for_status().
class client_error : public std::runtime_error {
public:
    client_error(client_errc code, const std::string& what) : std::runtime_error(what), code_(code) {}
    client_errc code() const noexcept { return code_; }

private:
    client_errc code_;
};

}  // namespace weft::inline v0::http
