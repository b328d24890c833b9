// SPDX-License-Identifier: Apache-2.0
#include "http/message/chunked_decoder.hpp"

#include "http/message/field_line.hpp"
#include "http/syntax/characters.hpp"
#include "http/syntax/find_control.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace weft::inline v0::http {

namespace {

/// Of sixteen hexadecimal digits, so that no number of zeros can go on for ever; less than 2^63.
constexpr int most_digits = 16;
constexpr std::uint64_t most_content = ~std::uint64_t{0} >> 1;

/// What says how the message is framed, routed or read, who sends it, or how it may be kept, had to be known before the
/// content. @see RFC 9110 6.5.1
constexpr std::array<std::string_view, 37> not_in_trailers = {"age",
                                                              "authorization",
                                                              "cache-control",
                                                              "connection",
                                                              "content-encoding",
                                                              "content-length",
                                                              "content-range",
                                                              "content-type",
                                                              "cookie",
                                                              "date",
                                                              "expect",
                                                              "expires",
                                                              "forwarded",
                                                              "host",
                                                              "if-match",
                                                              "if-modified-since",
                                                              "if-none-match",
                                                              "if-range",
                                                              "if-unmodified-since",
                                                              "keep-alive",
                                                              "location",
                                                              "max-forwards",
                                                              "origin",
                                                              "pragma",
                                                              "proxy-authenticate",
                                                              "proxy-authorization",
                                                              "proxy-connection",
                                                              "range",
                                                              "retry-after",
                                                              "set-cookie",
                                                              "te",
                                                              "trailer",
                                                              "transfer-encoding",
                                                              "upgrade",
                                                              "vary",
                                                              "via",
                                                              "www-authenticate"};

bool may_be_trailer(std::string_view name) noexcept {
    constexpr std::string_view forwarded = "x-forwarded-";
    return !is_same_token(name.substr(0, forwarded.size()), forwarded) &&
           std::ranges::none_of(not_in_trailers, [&](std::string_view other) { return is_same_token(name, other); });
}

}  // namespace

chunked_decoder::result chunked_decoder::decode(std::string_view& input) {
    while (!input.empty() && state_ != state::done && state_ != state::refused) {
        if (state_ == state::content) {
            content_ = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size())));
            input.remove_prefix(content_.size());
            remaining_ -= content_.size();
            if (remaining_ == 0) state_ = state::content_cr;
            return result::content;
        }
        if (state_ == state::trailer) {
            read_trailers(input);
            continue;
        }
        const char c = input.front();
        if (!(state_ <= state::size ? read_size(c) : state_ < state::size_lf ? read_extension(c) : end_line(c))) break;
        input.remove_prefix(1);
    }
    if (state_ == state::done) return result::complete;
    return state_ == state::refused ? result::refused : result::incomplete;
}

bool chunked_decoder::read_size(char c) {
    const int digit = hex_digit(c);
    if (digit >= 0) {
        if (++digits_ > most_digits || remaining_ > most_content >> 4)
            return refuse("the size of a chunk is too large");
        remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
        state_ = state::size;
        return true;
    }
    if (state_ == state::size_start) return refuse("a chunk does not begin with its size");
    if (c != '\r' && c != ';') return refuse("the size of a chunk is not a hexadecimal number");
    state_ = c == ';' ? state::extension_start : state::size_lf;
    extension_bytes_ = 1;
    return true;
}

/// name, name=token or name="quoted", and no blanks in between: the grammar has them only to be removed.
bool chunked_decoder::read_extension(char c) {
    constexpr std::string_view malformed = "the extension of a chunk is malformed";
    const bool can_end =
        state_ == state::extension_name || state_ == state::extension_value || state_ == state::quoted_end;
    if (c == '\r' && can_end) {
        state_ = state::size_lf;
        return true;
    }
    if (++extension_bytes_ > limits_.extension_bytes || ++all_extension_bytes_ > limits_.all_extension_bytes)
        return refuse("the extensions of chunks are too large");
    if (c == ';' && can_end) {
        state_ = state::extension_start;
        return true;
    }
    switch (state_) {
        case state::extension_name:
            if (c == '=') {
                state_ = state::extension_value_start;
                return true;
            }
            [[fallthrough]];
        case state::extension_start: state_ = state::extension_name; return is_token_character(c) || refuse(malformed);
        case state::extension_value_start:
            if (c == '"') {
                state_ = state::quoted;
                return true;
            }
            [[fallthrough]];
        case state::extension_value: state_ = state::extension_value; return is_token_character(c) || refuse(malformed);
        case state::quoted:
            if (c == '"' || c == '\\') {
                state_ = c == '"' ? state::quoted_end : state::quoted_escape;
                return true;
            }
            return is_value_character(c) || refuse(malformed);
        case state::quoted_escape: state_ = state::quoted; return is_value_character(c) || refuse(malformed);
        default: return refuse(malformed);
    }
}

bool chunked_decoder::end_line(char c) {
    if (c != (state_ == state::content_cr ? '\r' : '\n'))
        return refuse(state_ == state::size_lf ? "a CR in the size line of a chunk is not followed by LF"
                                               : "a chunk is not followed by CR and LF");
    switch (state_) {
        case state::content_cr: state_ = state::content_lf; break;
        case state::content_lf:
            state_ = state::size_start;
            digits_ = 0;
            break;
        default: state_ = remaining_ > 0 ? state::content : state::trailer;
    }
    return true;
}

/// Up to the empty line; a line may come in pieces.
bool chunked_decoder::read_trailers(std::string_view& input) {
    const std::string_view text = input.substr(0, limits_.trailer_bytes - trailer_bytes_);
    if (text.empty()) return refuse("the trailers are too large");
    const bool after_cr = line_.ends_with('\r');
    const std::size_t end = after_cr ? 0 : find_control(text, 0);
    const std::size_t taken = std::min(end + 1, text.size());
    if (end < text.size() && text[end] != (after_cr ? '\n' : '\r'))
        return refuse(after_cr ? "a CR in the trailers is not followed by LF"
                               : "the trailers have a control character");
    line_.append(text.substr(0, taken));
    input.remove_prefix(taken);
    trailer_bytes_ += taken;
    return !after_cr || read_trailer_line();
}

bool chunked_decoder::read_trailer_line() {
    const std::string_view line = std::string_view(line_).substr(0, line_.size() - 2);
    if (line.empty()) {
        state_ = state::done;
        return true;
    }
    field_line field;
    if (const auto wrong = split_field(line, field); !wrong.empty()) return refuse(wrong);
    if (++trailer_fields_ > limits_.trailer_fields || field.name.size() > std::numeric_limits<std::uint16_t>::max())
        return refuse("there are too many trailers");
    if (keep_trailers_ && may_be_trailer(field.name)) trailers_.add(field.name, field.value);
    line_.clear();
    return true;
}

bool chunked_decoder::refuse(std::string_view sentence) noexcept {
    why_ = {status::bad_request, sentence};
    state_ = state::refused;
    return false;
}

void chunked_decoder::restart(bool keep_trailers) noexcept {
    state_ = state::size_start;
    keep_trailers_ = keep_trailers;
    digits_ = 0;
    remaining_ = 0;
    extension_bytes_ = all_extension_bytes_ = trailer_bytes_ = trailer_fields_ = 0;
    line_.clear();
    trailers_.clear();
}

}  // namespace weft::inline v0::http
