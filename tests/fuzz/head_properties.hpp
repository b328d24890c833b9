// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "require.hpp"

#include "http/message/head_parser.hpp"
#include "http/message/message_writer.hpp"
#include "http/message_reader.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace weft_fuzz {

namespace http = weft::http;

inline http::head_parser::result parse(http::head_parser& parser, std::string_view input, http::request_head& head) {
    return parser.parse(input, head);
}
inline http::head_parser::result parse(http::head_parser& parser, std::string_view input, http::response_head& head) {
    return parser.parse(input, head, http::method::get);
}

/// Of both kinds of head: what their lines do not say.
inline bool is_alike(const http::message_head& a, const http::message_head& b) {
    return a.body == b.body && a.content_length == b.content_length && a.keep_alive == b.keep_alive &&
           a.minor_version == b.minor_version && a.asks_upgrade == b.asks_upgrade &&
           std::ranges::equal(a.fields, b.fields,
                              [](const auto& x, const auto& y) { return x.name == y.name && x.value == y.value; });
}

/// What is said of `input` is said of it in portions.
template <class Head>
void require_same_in_portions(std::string_view input) {
    using enum http::head_parser::result;
    http::head_parser whole, cut;
    Head of_whole, of_cut;
    const auto verdict = parse(whole, input, of_whole);
    auto last = incomplete;
    portions sizes(input);
    for (std::size_t end = 0; last == incomplete && end < input.size();) {
        end = std::min(end + sizes.next(), input.size());
        last = parse(cut, std::string(input.substr(0, end)), of_cut);  // a copy: what lies behind is not its own
    }
    require(verdict == last, "the verdict does not depend on how the input is cut");
    if (verdict == refused)
        require(whole.why().status == cut.why().status && whole.why().sentence == cut.why().sentence, "nor its reason");
    if (verdict == complete) require(whole.consumed() == cut.consumed() && is_alike(of_whole, of_cut), "nor the head");
}

/// As they stand on a connection: heads, bodies and what follows.
inline void require_same_transcript(std::string_view input, weft_test::message_reader::kind kind) {
    weft_test::message_reader whole(kind), cut(kind);
    whole.feed(input);
    portions sizes(input);
    while (!input.empty()) {
        const std::size_t size = std::min(sizes.next(), input.size());
        cut.feed(input.substr(0, size));
        input.remove_prefix(size);
    }
    require(whole.end() == cut.end(), "the messages of a connection do not depend on how it is cut");
}

/// With the version of `head`, which the writer would have made 1.1.
inline std::string finished(std::string text, const http::message_head& head) {
    const std::string_view version = "HTTP/1.1";
    text[text.find(version, text.starts_with(version) ? 0 : text.size() - version.size() - 2) + version.size() - 1] =
        head.minor_version == 1 ? '1' : '0';
    http::append_fields(text, head.fields);
    http::append_end_of_fields(text);
    return text;
}

}  // namespace weft_fuzz
