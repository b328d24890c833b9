// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// Signs what a client is to bring back unchanged: the value of a cookie, a token in a link. The client can read it.
///
///     const http::signer signer({read_file("cookie.key")});
///     link += "?token=" + signer.sign("confirm", address, now);
///     const auto address = signer.verify("confirm", r.query_params().get("token").value_or(""), std::chrono::hours(1), now);
///
/// The purpose, such as the cookie's name, is signed along, so that what was signed for one is worth nothing for another;
/// and so is the time. What is signed is letters, digits, "-", "_" and ".", fit for cookies and URLs.
/// For cookies there are response::set_signed_cookie() and request::signed_cookie().
/// HMAC-SHA256, compared in a time that tells nothing. @thread any  @see tornado.web.create_signed_value, itsdangerous
class signer {
public:
    using time_point = std::chrono::sys_seconds;
    /// How far ahead the clock of a server that signs may be of one's that verifies.
    static constexpr std::chrono::seconds clock_skew = std::chrono::minutes(1);

    /// @param keys  of 16 bytes or more, best 32 random ones: the first signs, all verify. A new key goes in front, an old
    ///     one goes when what it signed has aged
    /// @throws std::invalid_argument  no key, a short one
    /// @throws std::system_error  function_not_supported: weft was built with WEFT_WITH_TLS=OFF
    explicit signer(std::vector<std::string> keys);

    std::string sign(std::string_view purpose, std::string_view value, time_point now) const;

    /// @return the value; empty, if any of it was changed, it was signed for another purpose, by another key, or longer
    ///     ago than `max_age`, or later than now
    std::optional<std::string> verify(std::string_view purpose, std::string_view text, std::chrono::seconds max_age,
                                      time_point now) const;

private:
    std::vector<std::string> keys_;
};

}  // namespace weft::inline v0::http
