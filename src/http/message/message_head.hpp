// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/status.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::inline v0::http {

/// What tells where a message's content ends. @see RFC 9112 6.3
enum class framing : std::uint8_t { none, counted, chunked, until_close };

/// The place of a part in the head's text. No view: the text may move, and fields that are added go behind it.
struct head_slice {
    std::uint32_t begin = 0, size = 0;
};

/// What the heads of requests and responses have in common. Filled by head_parser; its memory serves message after
/// message. Copied and moved freely; what is handed out are views, until a field is changed or the next head.
class message_head {
public:
    /// Whatever is added to them comes after what was received. To clear them makes nonsense of the rest, which
    /// lies in their text.
    headers fields;

    framing body = framing::none;
    /// Of a counted body. The answer to a HEAD tells here how long the content would have been.
    std::uint64_t content_length = 0;
    /// HTTP/1.0 or HTTP/1.1.
    int minor_version = 1;
    /// Another message may follow on the connection.
    bool keep_alive = false;
    /// Connection lists "upgrade", and there is an Upgrade to say to what.
    bool asks_upgrade = false;

protected:
    std::string_view text(head_slice part) const noexcept;
};

/// The head of a request: `target` has one of the four forms of RFC 9112 3.2, the one that its method allows.
class request_head : public message_head {
public:
    http::method method = http::method::get;
    /// The client waits for "100 Continue" before it sends the content.
    bool expects_continue = false;

    /// As it was sent; visible ASCII without '#'.
    std::string_view target() const noexcept { return text(target_); }
    /// The target's path, still encoded, at least "/"; "*" if it is that; empty for CONNECT.
    std::string_view path() const noexcept { return path_.size == 0 && has_path_ ? "/" : text(path_); }
    /// What follows the first '?', still encoded; empty if there is none.
    std::string_view query() const noexcept { return text(query_); }
    /// Host, or the authority of the target where that has one; empty only in HTTP/1.0. A name or an address in letters,
    /// digits and "-._~", or an IPv6 address in brackets; perhaps a colon and a port. No userinfo, nothing encoded.
    std::string_view host() const noexcept { return text(host_); }

private:
    friend class head_parser;
    head_slice target_, path_, query_, host_;
    bool has_path_ = true;
};

/// The head of a response.
class response_head : public message_head {
public:
    http::status status = http::status::ok;
    /// As it was sent; may be empty, may hold bytes above ASCII.
    std::string_view reason() const noexcept { return text(reason_); }

private:
    friend class head_parser;
    head_slice reason_;
};

}  // namespace weft::inline v0::http
