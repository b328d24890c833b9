// SPDX-License-Identifier: Apache-2.0
#include <weft/http/multipart_form.hpp>

#include <weft/http/media_type.hpp>
#include <weft/http/multipart.hpp>

#include <gmock/gmock.h>

using testing::StartsWith;
namespace http = weft::http;

namespace {

struct part {
    std::string name, filename, type, content;
    bool operator==(const part&) const = default;
};

std::vector<part> parse(const std::string& type, std::string_view text) {
    const auto media = http::media_type::parse(type);
    http::multipart_parser parser(media->parameter("boundary").value());
    using event = http::multipart_parser::event;
    std::vector<part> parts;
    for (;;) {
        switch (parser.next(text)) {
            case event::part:
                parts.push_back(
                    {parser.head().name, parser.head().filename.value_or("-"), parser.head().content_type, ""});
                break;
            case event::data: parts.back().content += parser.data(); break;
            case event::part_end: break;
            case event::need_more: parser.finish(); return parts;
            case event::end: return parts;
        }
    }
}

TEST(http_multipart_form, is_what_the_parser_reads) {
    http::multipart_form form;
    form.add("title", "a cat")
        .add("", "")
        .add_file("picture", "\"c\r\nat\".png", std::string("\r\n--\0x", 6), "image/png")
        .add_file("b", "b", "");
    const std::string type = form.content_type();
    EXPECT_THAT(type, StartsWith("multipart/form-data; boundary="));
    const std::vector<part> parts = parse(type, std::move(form).take_text());
    ASSERT_EQ(parts.size(), 4u);
    EXPECT_EQ(parts[0], (part{"title", "-", "text/plain", "a cat"}));
    EXPECT_EQ(parts[1], (part{"", "-", "text/plain", ""}));
    EXPECT_EQ(parts[2], (part{"picture", "\"c\r\nat\".png", "image/png", std::string("\r\n--\0x", 6)}));
    EXPECT_EQ(parts[3], (part{"b", "b", "application/octet-stream", ""}));
}

TEST(http_multipart_form, has_a_boundary_of_its_own) {
    EXPECT_NE(http::multipart_form().content_type(), http::multipart_form().content_type());
}

TEST(http_multipart_form, lets_no_type_end_a_line) {
    http::multipart_form form;
    EXPECT_THROW(form.add_file("a", "b", "c", "text/plain\r\nX: y"), std::invalid_argument);
}

}  // namespace
