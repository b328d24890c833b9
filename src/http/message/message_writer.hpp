// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/headers.hpp>
#include <weft/http/status.hpp>

#include <cstdint>
#include <string>
#include <string_view>

// Messages as they go onto the wire, piece by piece at the end of a string whose memory serves many of them. Nothing
// given here can end a line before its time: what would, throws, and then nothing was appended.

namespace weft::inline v0::http {

/// "HTTP/1.1 404 Not Found" and its end. @param reason  empty: the usual one
/// @throws std::invalid_argument  a number below 100 or above 999; a reason with a control character in it
void append_status_line(std::string& to, status s, std::string_view reason = {});
/// "GET /index.html HTTP/1.1" and its end.
/// @throws std::invalid_argument  a method that is no token; a target that is empty or not of visible ASCII
void append_request_line(std::string& to, std::string_view method, std::string_view target);

/// One line. @throws std::invalid_argument  as headers::add()
void append_field(std::string& to, std::string_view name, std::string_view value);
void append_content_length(std::string& to, std::uint64_t bytes);
void append_field_as_it_is(std::string& to, const headers::field& f);
/// A line each; they were checked when they were added.
void append_fields(std::string& to, const headers& fields);
/// Those that `is_said` lets through.
template <class Predicate>
void append_fields_if(std::string& to, const headers& fields, Predicate is_said) {
    for (const headers::field f : fields) {
        if (is_said(f)) append_field_as_it_is(to, f);
    }
}
/// After the last field, and after the last trailer.
inline void append_end_of_fields(std::string& to) { to += "\r\n"; }

/// What comes before a chunk of so many bytes, which are more than none; after it comes end_of_chunk.
void append_chunk_size(std::string& to, std::uint64_t bytes);
inline constexpr std::string_view end_of_chunk = "\r\n";
/// Ends the content. Trailers may follow, and append_end_of_fields().
inline constexpr std::string_view last_chunk = "0\r\n";

}  // namespace weft::inline v0::http
