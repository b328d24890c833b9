// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>
#include <weft/coro/task.hpp>
#include <weft/http/body_writer.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/set_cookie.hpp>
#include <weft/http/status.hpp>
#include <weft/io/as_text.hpp>
#include <weft/io/stream.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace weft::inline v0::http {

class request;
class signer;

/// What a handler answers. The server adds Date, if there is none, Content-Length or Transfer-Encoding, and Connection. What a
/// handler says of the last three is left out, but that "Connection: close" closes, and that Content-Length tells of what is
/// not sent. A response to HEAD, or with a status that has none, is sent without its body. One whose status does not end a
/// request (below 200) is the handler's error, a 500.
///
///     co_return http::response::text("hello\n");
class response {
public:
    /// Writes the body while it is sent; what it throws ends the connection, for the client to see that there is more.
    using producer = std::move_only_function<task<>(body_writer&)>;
    /// Goes on with the connection in its own way; it is closed at the end of it.
    using successor = std::move_only_function<task<>(weft::stream)>;
    /// A part of a file.
    struct file_part {
        unique_fd file;
        std::uint64_t offset = 0, size = 0;
    };

    explicit response(http::status status = http::status::ok) noexcept : status_(status) {}
    response(http::status status, std::string body) noexcept : status_(status), body_(std::move(body)) {}
    /// Views and spans are copied, here and below.
    template <viewed_bytes Body>
    response(http::status status, const Body& body) : response(status, to_text(body)) {}

    static response text(std::string body, http::status status = http::status::ok);
    static response html(std::string body, http::status status = http::status::ok);
    /// @param encoded  JSON text
    static response json(std::string encoded, http::status status = http::status::ok);
    template <viewed_bytes Body>
    static response text(const Body& body, http::status status = http::status::ok) {
        return text(to_text(body), status);
    }
    template <viewed_bytes Body>
    static response html(const Body& body, http::status status = http::status::ok) {
        return html(to_text(body), status);
    }
    template <viewed_bytes Body>
    static response json(const Body& encoded, http::status status = http::status::ok) {
        return json(to_text(encoded), status);
    }
    /// @param location  a URL, or a path; @throws std::invalid_argument  it has a control character in it
    static response redirect(std::string_view location, http::status status = http::status::see_other);
    /// A body that is written while it is sent, as "chunked" unless `size` says how long it is.
    static response stream(producer writes, std::string_view content_type = "application/octet-stream",
                           std::optional<std::uint64_t> size = std::nullopt);
    /// A part of a file, sent by sendfile(2) where that is possible.
    static response file(file_part part, std::string_view content_type = "application/octet-stream");
    /// "101 Switching Protocols": from the end of its head on the connection is `goes_on`'s, which is given the stream with
    /// what has come of the new protocol already. Limits and deadlines end there. @see WebSocket, RFC 9110 7.8
    static response switch_protocols(std::string_view protocol, successor goes_on);

    http::status status() const noexcept { return status_; }
    void set_status(http::status s) noexcept { status_ = s; }
    http::headers& headers() noexcept { return headers_; }
    const http::headers& headers() const noexcept { return headers_; }
    /// headers().set(), to be chained: `response::text("…").with("Cache-Control", "no-store")`.
    response&& with(std::string_view name, std::string_view value) && {
        headers_.set(name, value);
        return std::move(*this);
    }

    /// Gives the client a cookie, in place of one of that name, path and domain that is given already. Unless it says
    /// otherwise, it is for all paths of this host, is nothing to scripts, and is not sent by other sites' forms; it is
    /// `secure` where the client came over https, and if its name begins with `__Host-` or `__Secure-`.
    /// @param to  who is answered
    /// @throws std::invalid_argument  a value with characters that have to be encoded, …: as set_cookie::to_string()
    void set_cookie(const request& to, http::set_cookie cookie);
    void set_cookie(const request& to, std::string name, std::string value);
    template <viewed_bytes Value>
    void set_cookie(const request& to, std::string name, const Value& value) {
        set_cookie(to, std::move(name), to_text(value));
    }
    /// The same with a value that only `by` could have made, for this name alone, and any bytes in it. The client can read
    /// it. It counts as long as the cookie says, or 30 days, whatever the client does. @see request::signed_cookie
    void set_signed_cookie(const request& to, const signer& by, http::set_cookie cookie);
    /// Has the client forget a cookie; path and domain are those that it was given with.
    void delete_cookie(const request& to, http::set_cookie cookie);
    void delete_cookie(const request& to, std::string name);

    /// Null if the body is no text that is there already.
    const std::string* body() const noexcept { return std::get_if<std::string>(&body_); }
    std::string* body() noexcept { return std::get_if<std::string>(&body_); }
    void set_body(std::string body) { body_ = std::move(body); }
    template <viewed_bytes Body>
    void set_body(const Body& body) {
        set_body(to_text(body));
    }
    /// As stream() has it, for an answer whose fields are there already. @throws std::invalid_argument  an empty producer
    void set_body(producer writes, std::optional<std::uint64_t> size = std::nullopt);
    /// How long it is; empty if that shows only when it is written.
    std::optional<std::uint64_t> content_length() const noexcept;

private:
    friend class server_connection;
    friend class compressor;
    struct produced {
        producer writes;
        std::optional<std::uint64_t> size;
    };
    http::status status_;
    http::headers headers_;
    std::variant<std::string, produced, file_part, successor> body_;
};

}  // namespace weft::inline v0::http
