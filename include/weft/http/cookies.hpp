// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// What a client sends back of the cookies it was given: the Cookie field of a request.
///
/// Nothing in it makes a request wrong, for other programs on the same host set cookies too. Of each piece between
/// semicolons, blanks around it gone, the name is what is before the first "="; a piece without one, or without a name,
/// is dropped, and so a cookie without a name cannot pose as `__Host-x`. One pair of quotes around a value is taken off;
/// there are no escapes. Names are compared as they are. @see RFC 6265 5.4, http.cookies
class cookies {
public:
    struct cookie {
        std::string name, value;
        bool operator==(const cookie&) const = default;
    };

    cookies() noexcept = default;
    /// @param field  the field's value; of several, joined by "; "
    static cookies parse(std::string_view field);

    bool empty() const noexcept { return cookies_.empty(); }
    std::size_t size() const noexcept { return cookies_.size(); }
    auto begin() const noexcept { return cookies_.begin(); }
    auto end() const noexcept { return cookies_.end(); }

    /// The first of that name: the one with the longest path. @cost a look at each
    std::optional<std::string_view> get(std::string_view name) const noexcept;
    std::vector<std::string_view> get_all(std::string_view name) const;
    bool contains(std::string_view name) const noexcept { return get(name).has_value(); }

private:
    std::vector<cookie> cookies_;
};

}  // namespace weft::inline v0::http
