// SPDX-License-Identifier: Apache-2.0
#include "head_properties.hpp"

namespace {

using namespace weft_fuzz;

/// What is accepted, written again, is accepted alike.
void require_same_when_written(std::string_view input, http::method request) {
    http::head_parser parser;
    http::response_head head, again;
    if (parser.parse(input, head, request) != http::head_parser::result::complete) return;
    std::string line;
    http::append_status_line(line, head.status, head.reason());
    const std::string text = finished(line, head);
    require(parser.parse(text, again, request) == http::head_parser::result::complete, "what is written is accepted");
    require(parser.consumed() == text.size(), "all of it");
    require(is_alike(head, again) && head.status == again.status &&
                (head.reason().empty() || head.reason() == again.reason()),
            "what is accepted, written again, is accepted alike");
    require(request != http::method::head || head.body == http::framing::none, "the answer to a HEAD has no content");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    require_same_in_portions<http::response_head>(input);
    require_same_transcript(input, weft_test::message_reader::kind::responses);
    for (const auto request : {http::method::get, http::method::head, http::method::connect})
        require_same_when_written(input, request);
    return 0;
}
