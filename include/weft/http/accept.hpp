// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/media_type.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// Which media types a client takes, and which it would rather: `text/html, application/*;q=0.8, */*;q=0.1`.
/// A member that is malformed is passed over. Where there is none at all, everything is taken. @see RFC 9110 12.5.1
class accept {
public:
    /// Everything.
    accept() noexcept = default;
    static accept parse(std::string_view field);

    /// From 0, not at all, to 1000: what the most specific of the ranges that match it says.
    int quality(const media_type& type) const noexcept;
    /// The one of the best quality, the first of these; empty: it takes none of them, which is a 406, or to be ignored.
    std::optional<std::size_t> best_of(std::span<const media_type> offered) const noexcept;

private:
    struct range {
        media_type type;
        int quality;
    };
    std::vector<range> ranges_;
};

}  // namespace weft::inline v0::http
