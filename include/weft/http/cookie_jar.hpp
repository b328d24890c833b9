// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/set_cookie.hpp>
#include <weft/http/url.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

struct cookie_jar_limits {
    std::size_t per_domain = 50;
    std::size_t in_all = 3000;
};

/// The cookies a client was given, and which of them go with a request.
///
/// A cookie goes to the host that gave it; if it names a domain, to that and all below. It may name its own host or one
/// above it, never a single label ("com") or what is above an address. There is no list of public suffixes here: a host
/// of "a.co.uk" can set cookies for "co.uk". So a jar that meets hosts that trust each other not should be one for each.
/// A secure cookie comes and goes over https and wss alone, and nothing that came otherwise takes its place. SameSite is
/// not looked at: a program, not a page, makes the requests. Over a limit the one that was longest not sent goes,
/// those that have expired before it.
///
/// Time is what the caller says it is. @thread any one  @see RFC 6265bis 5.7, 5.8, requests.Session.cookies
class cookie_jar {
public:
    using time_point = std::chrono::sys_seconds;

    explicit cookie_jar(cookie_jar_limits limits = {}) noexcept : limits_(limits) {}

    /// Keeps a cookie that a response to a request for `from` gave, or forgets it if it has expired already.
    /// @param set_cookie_field  a value of Set-Cookie  @return false: it was refused
    bool store(const url& from, std::string_view set_cookie_field, time_point now);
    bool store(const url& from, const set_cookie& given, time_point now);

    /// The value of the Cookie field for a request for `to`: of longer paths first, then of older ones. May be empty.
    std::string cookies_for(const url& to, time_point now);

    /// How many there are, some of them perhaps expired.
    std::size_t size() const noexcept { return size_; }
    void clear() noexcept;

private:
    struct cookie {
        std::string name, value, path;
        time_point expires;
        bool host_only, secure;
        std::uint64_t created, used;  // by ticks_
    };
    using cookies = std::vector<cookie>;
    template <class Visit>
    void for_each_domain_of(const url& at, Visit visit);
    bool would_replace_secure(const url& from, const cookie& given);
    void make_room(const std::string& domain, time_point now);
    void remove_expired(time_point now);

    cookie_jar_limits limits_;
    std::map<std::string, cookies, std::less<>> domains_;  // none of them empty
    std::size_t size_ = 0;  // of all of them together
    std::uint64_t ticks_ = 0;
};

}  // namespace weft::inline v0::http
