// SPDX-License-Identifier: Apache-2.0
#include <weft/http/request_id.hpp>

#include "http/syntax/characters.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <optional>
#include <string_view>
#include <sys/random.h>
#include <system_error>
#include <tuple>
#include <utility>

namespace weft::inline v0::http {

const context_var<trace_context> current_trace{trace_context()};

namespace {

/// So many random bytes, in hexadecimal digits.
template <std::size_t Bytes>
std::string random_digits() {
    std::array<unsigned char, Bytes> bytes;
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw std::system_error(errno, std::generic_category(), "getrandom");
    std::string digits;
    for (const unsigned char b : bytes) digits.append({"0123456789abcdef"[b >> 4], "0123456789abcdef"[b & 15]});
    return digits;
}

bool is_hexadecimal(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}
bool is_zero(std::string_view text) noexcept { return text.find_first_not_of('0') == std::string_view::npos; }

/// "00-<trace>-<span>-<flags>"; of a later version what is like it. @return empty: it is none, and a trace begins here
std::optional<trace_context> parse_traceparent(std::string_view text) {
    constexpr std::size_t size = 55;
    if (text.size() < size || (text.size() > size && (text.starts_with("00") || text[size] != '-')))
        return std::nullopt;
    const std::string_view version = text.substr(0, 2), trace = text.substr(3, 32), span = text.substr(36, 16),
                           flags = text.substr(53, 2);
    if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
    for (const std::string_view part : {version, trace, span, flags}) {
        if (!is_hexadecimal(part)) return std::nullopt;
    }
    if (version == "ff" || is_zero(trace) || is_zero(span)) return std::nullopt;
    trace_context c;
    c.trace_id = trace;
    c.parent_span = span;
    c.is_sampled = (hex_digit(flags[1]) & 1) != 0;
    return c;
}

bool is_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
    });
}

}  // namespace

std::string trace_context::traceparent() const {
    return "00-" + trace_id + "-" + span_id + (is_sampled ? "-01" : "-00");
}

middleware request_ids(request_id_options options) {
    return [options](request& r, next rest) -> task<response> {
        trace_context here = parse_traceparent(r.header("traceparent")).value_or(trace_context());
        if (here.trace_id.empty()) here.trace_id = random_digits<16>();
        here.span_id = random_digits<8>();
        const std::string_view given = r.header("X-Request-Id");
        here.request_id = options.takes_clients && is_id(given) ? std::string(given) : random_digits<8>();
        const std::string id = here.request_id;
        auto token = current_trace.set(std::move(here));
        r.error_headers().set("X-Request-Id", id);  // above all where something goes wrong
        std::exception_ptr error;
        std::optional<response> answer;
        try {
            answer.emplace(co_await rest(r));
        } catch (...) {
            error = std::current_exception();
        }
        current_trace.reset(token);
        if (error) std::rethrow_exception(error);
        answer->headers().set("X-Request-Id", id);
        co_return *std::move(answer);
    };
}

}  // namespace weft::inline v0::http
