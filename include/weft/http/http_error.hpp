// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/headers.hpp>
#include <weft/http/status.hpp>
#include <weft/io/as_text.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace weft::inline v0::http {

/// Thrown by a handler to answer with this status: the client gets an error page with the message.
///
///     if (!user) throw http::http_error(http::status::not_found, "no such user");
///
/// @see tornado.web.HTTPError, fastapi.HTTPException, response_error
class http_error : public std::runtime_error {
public:
    /// @param message  for the client to read; empty: the status's reason
    explicit http_error(http::status status, const std::string& message = {}, http::headers headers = {});
    template <viewed_bytes Message>
    http_error(http::status status, const Message& message, http::headers with = {})
        : http_error(status, to_text(message), std::move(with)) {}

    http::status status() const noexcept { return status_; }
    /// Go with the answer: Retry-After, WWW-Authenticate.
    const http::headers& headers() const noexcept { return headers_; }

private:
    http::status status_;
    http::headers headers_;
};

/// Thrown by a client for a status that it was answered: by client_response::raise_for_status(), connect_websocket().
///
/// What another server says is not this one's answer: to a server whose handler lets it through it is an exception like any
/// other, of which its client learns nothing.
class response_error : public http_error {
public:
    using http_error::http_error;
};

}  // namespace weft::inline v0::http
