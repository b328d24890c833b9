// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/message/field_notes.hpp"
#include "http/message/message_head.hpp"
#include "http/message/refusal.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::inline v0::http {

/// How large a head may be; one byte or field more is refused.
struct head_limits {
    std::size_t line_bytes = 8 << 10;  // the first line, without its end: 414
    std::size_t head_bytes = 32 << 10;  // all of it, with the empty line: 431
    std::size_t fields = 100;  // 431
};

/// Finds the heads of HTTP/1 messages in bytes; knows nothing of sockets. It is given all that has arrived from where the
/// message starts, says whether that holds a whole head, and remembers how far it got, so that no byte is searched twice
/// however small the portions are. What it says depends on the bytes alone, not on how they were cut.
///
/// Strict: what two readers could take for two different things is refused, and most of what no sender has a reason to
/// write. docs/http-parser.md lists the decisions. Allocates nothing once a head as large has been seen.
class head_parser {
public:
    enum class result : std::uint8_t { incomplete, complete, refused };

    explicit head_parser(head_limits limits = {}) noexcept : limits_(limits) {}

    /// Looks at `input`, which starts where the present message does. After `complete` the next call starts a new one,
    /// be it of a request or a response; after `incomplete` the same bytes must come again, with more, and the same
    /// `into`, which is not to be read; `refused` is for ever.
    result parse(std::string_view input, request_head& into);
    /// The same of a response; how its body is framed depends on the method of the `request` that it answers. One with a
    /// status such as 100 is a response as well, and another follows.
    result parse(std::string_view input, response_head& into, method request);

    /// After `complete`: how many bytes of the input the head took.
    std::size_t consumed() const noexcept { return position_; }
    /// After `refused`. Of responses the status is always that with which a gateway would pass it on, 502.
    const refusal& why() const noexcept { return why_; }

    /// What `fields` lie in: the whole head, if they were received.
    static std::string_view text_of(const headers& fields) noexcept { return fields.text_; }

private:
    enum class stage : std::uint8_t { first_line, fields, done, refused };

    void start(message_head& into, bool is_request) noexcept;
    std::optional<std::string_view> next_line(std::string_view input, std::size_t limit, const refusal& too_long);
    bool skip_empty_line(std::string_view input);
    bool read_version(std::string_view text, message_head& into) noexcept;
    bool read_request_line(std::string_view line, request_head& into);
    bool read_status_line(std::string_view line, response_head& into);
    bool read_fields(std::string_view input, message_head& into);
    bool read_field(std::string_view line, headers& into);
    void conclude(std::string_view input, message_head& into);
    bool judge(std::string_view input, request_head& into);
    bool judge(response_head& into, method request);

    head_slice slice(std::string_view part) const noexcept;
    bool refuse(const refusal& why) noexcept;
    bool refuse(std::string_view sentence) noexcept { return refuse({status::bad_request, sentence}); }
    /// After something returned false.
    result unfinished() const noexcept { return stage_ == stage::refused ? result::refused : result::incomplete; }

    stage stage_ = stage::done;
    std::size_t position_ = 0;  // how far lines have been read
    std::size_t searched_ = 0;  // from there to here is no end of line
    const char* base_ = nullptr;  // of the input, in the present call
    field_notes notes_{true};
    head_slice authority_;  // of a request's target
    head_limits limits_;
    refusal why_;
};

}  // namespace weft::inline v0::http
