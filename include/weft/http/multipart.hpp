// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/headers.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// What stands at the head of a part of a form.
struct multipart_head {
    std::string name;  ///< of the form's field
    /// As the client sent it, for a file; it may have any bytes, paths and line breaks in it. @see safe_filename
    std::optional<std::string> filename = {};
    std::string content_type = "text/plain";
    http::headers fields = {};  ///< as they came
};

struct multipart_limits {
    std::size_t max_parts = 100;
    std::size_t max_head_bytes = 10 * 1024;  ///< of a part
};

/// Takes a form with files in it (multipart/form-data) apart, as it arrives, and keeps no more than a part's head of it.
///
///     http::multipart_parser parser(boundary);
///     using event = http::multipart_parser::event;
///     for (std::string bytes; !(bytes = co_await body.read()).empty();) {
///         std::string_view input = bytes;
///         for (event e; (e = parser.next(input)) != event::need_more;) {
///             if (e == event::part) file = open_for(http::safe_filename(parser.head().filename.value_or("")));
///             if (e == event::data) co_await file.write(parser.data());
///         }
///     }
///     parser.finish();
///
/// Lines end in CRLF. What stands before the first boundary and behind the last is dropped. Every part needs
/// `Content-Disposition: form-data; name="…"`. In name and filename `%22`, `%0D` and `%0A` are `"`, CR and LF as browsers
/// write them, `\"` and `\\` are `"` and `\` as others do; no other escape is one, for "50%25.txt" and "C:\new" are names.
/// `filename*` is ignored, as RFC 7578 4.2 has it. A Content-Transfer-Encoding that encodes is refused.
///
/// All errors are http_error: 413 for what is over a limit, else 400; the parser is of no use after one.
/// @cost linear in the input however it is cut  @see RFC 7578, RFC 2046 5.1, python-multipart
class multipart_parser {
public:
    enum class event {
        need_more,  ///< the input is used up
        part,  ///< head() tells of a part that begins
        data,  ///< data() is a piece of it, not empty
        part_end,
        end  ///< after the last part; what still comes is dropped
    };

    /// @param boundary  1 to 70 characters, as the Content-Type's parameter has them @throws http_error 400
    explicit multipart_parser(std::string_view boundary, multipart_limits limits = {});

    /// Goes on to the next event and takes what it has read off `input`.
    /// @param input  at first the bytes that have arrived, then what is left of them  @throws http_error 400, 413
    event next(std::string_view& input);
    /// To be called at the end of the input. @throws http_error 400: the form is cut off
    void finish() const;

    /// Until the next part begins.
    const multipart_head& head() const noexcept { return head_; }
    /// Until next(): part of the input, or of the parser.
    std::string_view data() const noexcept { return data_; }

private:
    enum class state { preamble, delimiter_line, head, body, epilogue };
    bool find_delimiter(std::string_view& input);
    bool read_delimiter_line(std::string_view& input);
    bool read_head(std::string_view& input);
    bool read_line(std::string_view& input);
    void begin_text() noexcept;
    void take_field();

    const multipart_limits limits_;
    const std::string delimiter_;  // CRLF, two dashes, the boundary: its CR stands nowhere else in it
    state state_ = state::preamble;
    std::size_t matched_ = 2;  // how much of the delimiter has been seen
    std::size_t before_ = 2;  // how much of that is of what stands before: the CRLF at the end of a head
    std::size_t parts_ = 0;
    std::size_t head_bytes_ = 0;
    std::string line_;  // what has arrived of a line behind a delimiter, or in a head
    multipart_head head_ = {};
    std::string_view data_;
};

/// The last component of what a client calls its file, fit to be the name of a file here: no slashes or backslashes,
/// control characters and any of <>:"|?* and what is no UTF-8 as "_", no dots in front, no dots and spaces at the end,
/// 255 bytes at most, "unnamed" where nothing is left. It may still be the name of a file that there is.
/// @see werkzeug.utils.secure_filename
std::string safe_filename(std::string_view name);

}  // namespace weft::inline v0::http
