// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/message/refusal.hpp"

#include <weft/http/headers.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// How much of a chunked body may be something other than content; one byte more is refused.
struct chunk_limits {
    std::size_t extension_bytes = 256;  // of one chunk; what no one asked for is read and thrown away
    std::size_t all_extension_bytes = 16 << 10;
    std::size_t trailer_bytes = 8 << 10;  // with the ends of their lines
    std::size_t trailer_fields = 100;
};

/// Takes a chunked body apart; knows nothing of sockets. Each call takes bytes off the front of what has arrived, and
/// none has to come again: the caller may drop them once it is done with content(), which is a view of them. What it says
/// depends on the bytes alone, not on how they were cut. @see RFC 9112 7.1
class chunked_decoder {
public:
    /// @param keep_trailers  whether trailers() is asked for; they are checked in any case
    explicit chunked_decoder(bool keep_trailers = false, chunk_limits limits = {}) noexcept
        : keep_trailers_(keep_trailers), limits_(limits) {}

    /// `content`: there is some, call again; `incomplete`: the input is used up; `complete`: what is left of the input is
    /// the next message; `refused`: for ever.
    enum class result : std::uint8_t { incomplete, content, complete, refused };

    result decode(std::string_view& input);

    /// After `content`: never empty.
    std::string_view content() const noexcept { return content_; }
    /// What is still to come of the present chunk, after content(): so that a body that will be too large is known early.
    std::uint64_t remaining() const noexcept { return remaining_; }
    /// After `complete`: the fields after the content, without those that would have had to come before it.
    headers& trailers() noexcept { return trailers_; }
    /// After `refused`.
    const refusal& why() const noexcept { return why_; }

    /// For the next body. Keeps the memory.
    void restart(bool keep_trailers = false) noexcept;

private:
    enum class state : std::uint8_t {
        size_start,  // at least one digit must come
        size,
        extension_start,  // after ';'
        extension_name,
        extension_value_start,  // after '='
        extension_value,
        quoted,
        quoted_escape,
        quoted_end,
        size_lf,
        content,
        content_cr,
        content_lf,
        trailer,
        done,
        refused
    };

    bool read_size(char c);
    bool read_extension(char c);
    bool end_line(char c);
    bool read_trailers(std::string_view& input);
    bool read_trailer_line();
    bool refuse(std::string_view sentence) noexcept;

    state state_ = state::size_start;
    bool keep_trailers_;
    int digits_ = 0;
    std::uint64_t remaining_ = 0;
    std::size_t extension_bytes_ = 0, all_extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0, trailer_fields_ = 0;
    chunk_limits limits_;
    std::string_view content_;
    std::string line_;  // of the trailers, as far as it has come
    headers trailers_;
    refusal why_;
};

}  // namespace weft::inline v0::http
