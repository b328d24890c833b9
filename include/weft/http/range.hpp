// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// A piece of some content: its first byte, and how many, at least one.
struct byte_range {
    std::uint64_t offset, size;

    /// "bytes 0-499/1234", for a response with 206. @param of  the size of the whole
    std::string content_range(std::uint64_t of) const;
    bool operator==(const byte_range&) const = default;
};

/// Which bytes a request asks for.
struct byte_ranges {
    enum class outcome {
        whole,    ///< answer as if there were no Range: its unit is not bytes, or it is malformed
        partial,  ///< with 206 and these
        refused   ///< with 416 and `Content-Range: bytes */SIZE`: none of them is there, or there are too many
    };
    /// More than one of them are asked for at once only by few, and by those who want a server to send much for little.
    static constexpr std::size_t max_ranges = 8;

    outcome how = outcome::whole;
    std::vector<byte_range> ranges = {};  ///< in the order asked for, apart from each other

    /// Ranges that overlap or touch are made one, so that no byte is sent twice.
    /// @param field  the value of Range: "bytes=0-499, -500"  @param size  of the whole content
    /// @see RFC 9110 14.2, CVE-2011-3192
    static byte_ranges parse(std::string_view field, std::uint64_t size);

    bool operator==(const byte_ranges&) const = default;
};

}  // namespace weft::inline v0::http
