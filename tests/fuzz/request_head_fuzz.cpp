// SPDX-License-Identifier: Apache-2.0
#include "head_properties.hpp"

namespace {

using namespace weft_fuzz;

/// What is accepted, written again, is accepted alike.
void require_same_when_written(std::string_view input) {
    http::head_parser parser;
    http::request_head head, again;
    if (parser.parse(input, head) != http::head_parser::result::complete) return;
    std::string line;
    http::append_request_line(line, to_string(head.method), head.target());
    const std::string text = finished(line, head);
    require(parser.parse(text, again) == http::head_parser::result::complete, "what is written is accepted");
    require(parser.consumed() == text.size(), "all of it");
    require(is_alike(head, again) && head.method == again.method && head.target() == again.target() &&
                head.path() == again.path() && head.query() == again.query() && head.host() == again.host() &&
                head.expects_continue == again.expects_continue,
            "what is accepted, written again, is accepted alike");
    require(head.minor_version == 0 || !head.host().empty(), "there is a host");
    require(head.body == http::framing::none || head.body == http::framing::chunked ||
                (head.body == http::framing::counted && head.content_length > 0),
            "a request has no content, or so much, or chunks");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    require_same_in_portions<http::request_head>(input);
    require_same_transcript(input, weft_test::message_reader::kind::requests);
    require_same_when_written(input);
    return 0;
}
