// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// Where a resource is: `scheme://host:port/path?query#fragment`, the scheme http, https, ws or wss.
///
/// As strict as RFC 3986, so that no two programs read two hosts out of one: no spaces, backslashes, control characters
/// or bytes above ASCII (percent_encode() them; a host's are Punycode), no % without its digits. Beyond that the host has
/// letters, digits, - . _ ~ alone, as with curl; one that ends in a number is a dotted IPv4 address or refused (127.1,
/// 0x7f000001 and 0177.0.0.1 are other people's spellings of loopback); an IPv6 address is in brackets and has no zone.
///
/// `user:password@` is kept apart, as with curl and requests: it is what to authenticate with, and is shown neither by
/// to_string() nor in a message. Dot segments of the path are removed, %2e counts as a dot.
class url {
public:
    struct userinfo {
        std::string user, password;
        bool operator==(const userinfo&) const = default;
    };

    /// @throws std::invalid_argument  saying which part is wrong, and what is in it
    explicit url(std::string_view text);

    /// In lower case.
    const std::string& scheme() const noexcept { return scheme_; }
    bool is_secure() const noexcept { return scheme_ == "https" || scheme_ == "wss"; }
    /// In lower case; an IPv6 address without its brackets.
    const std::string& host() const noexcept { return host_; }
    bool is_ipv6() const noexcept { return host_.contains(':'); }
    /// What it says, or what the scheme has: 80 or 443.
    std::uint16_t port() const noexcept { return port_; }
    /// Percent-encoded, beginning with a slash.
    const std::string& path() const noexcept { return path_; }
    /// Percent-encoded, without the question mark; empty, if there is none. @see form
    const std::optional<std::string>& query() const noexcept { return query_; }
    /// Percent-encoded, without the hash; it is not sent.
    const std::optional<std::string>& fragment() const noexcept { return fragment_; }
    /// Decoded.
    const std::optional<userinfo>& credentials() const noexcept { return credentials_; }

    /// `host:port` for the Host field: the port if it is not the scheme's, brackets around an IPv6 address.
    std::string authority() const;
    /// `/path?query` for the request line.
    std::string target() const;
    /// `scheme://host:port`: what it has in common with those that may see the same secrets.
    std::string origin() const { return scheme_ + "://" + authority(); }
    /// All but the credentials.
    std::string to_string() const;

    /// What a reference found at this URL means: a Location, a link. Credentials go along where the authority does.
    /// In the path and behind, characters that a URL must not have but people write, such as spaces, brackets and bytes
    /// above ASCII, are percent-encoded, as browsers do it; control characters and backslashes are refused.
    /// @throws std::invalid_argument  also of another scheme than the four
    /// @see RFC 3986 5.2, urllib.parse.urljoin
    url resolve(std::string_view reference) const;

    bool operator==(const url&) const = default;

private:
    struct parts;
    url() noexcept = default;
    void set_scheme(std::string_view text);
    void set_authority(std::string_view text);
    void set_host(std::string_view text);
    void set_port(std::string_view text);
    void set_rest(std::string_view path, const parts& from);

    std::string scheme_, host_, path_;
    std::uint16_t port_ = 0;
    std::optional<std::string> query_, fragment_;
    std::optional<userinfo> credentials_;
};

}  // namespace weft::inline v0::http
