// SPDX-License-Identifier: Apache-2.0
#include "http/multipart_events.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace http = weft::http;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

const std::string head = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

/// What the parser tells of a form, however it is cut.
std::string told(std::string_view form, http::multipart_limits limits = {}) {
    const std::string whole = multipart_events::of(form, "B", form.size(), 1, limits);
    for (std::size_t size : {1, 2, 3, 7})
        EXPECT_EQ(multipart_events::of(form, "B", size, size, limits), whole) << "in pieces of " << size;
    if (form.size() < 2000) {
        for (std::size_t first = 1; first < form.size(); ++first) {
            EXPECT_EQ(multipart_events::of(form, "B", first, form.size(), limits), whole) << "cut at " << first;
        }
    }
    return whole;
}

std::string part(std::string_view disposition) {
    return "--B\r\nContent-Disposition: " + std::string(disposition) + "\r\n\r\nx\r\n--B--";
}

TEST(multipart, tells_of_fields_and_files) {
    EXPECT_EQ(told("--B\r\n"
                   "Content-Disposition: form-data; name=\"title\"\r\n"
                   "\r\n"
                   "Hello\r\n"
                   "--B\r\n"
                   "content-disposition: Form-Data; name=\"file\"; filename=\"a b.png\"\r\n"
                   "Content-Type: image/png\r\n"
                   "X-Other: yes\r\n"
                   "\r\n"
                   "\x89PNG\r\n\r\n-\r\r\n--\r\n--C\r\n"
                   "\r\n--B--\r\n"),
              "[title:Hello][file|a b.png|image/png:\x89PNG\r\n\r\n-\r\r\n--\r\n--C\r\n].");
}

TEST(multipart, has_empty_parts_and_may_have_none) {
    EXPECT_EQ(told("--B--"), ".");
    EXPECT_EQ(told("--B--\r\n"), ".");
    EXPECT_EQ(told("--B\r\n" + head + "\r\n--B--"), "[a:].");
    EXPECT_EQ(told("--B\r\n" + head + "--B--"), "[a:].");
    EXPECT_EQ(told("--B\r\n" + head + "--B\r\n" + head + "\r\n\r\n--B--"), "[a:][a:\r\n].");
    EXPECT_EQ(told("--B\r\n" + head + "\r\n-\r\n--B--"), "[a:\r\n-].");
}

TEST(multipart, drops_what_is_before_and_behind) {
    EXPECT_EQ(told("This is\r\n--a\r\npreamble\r\n--B\r\n" + head + "x\r\n--B--\r\n--B\r\nepilogue"), "[a:x].");
    EXPECT_EQ(told("\r\n--B  \t\r\n" + head + "x\r\n--B--tail"), "[a:x].");
    EXPECT_EQ(told("x--B\r\n\r\n--B--"), ".");
}

TEST(multipart, finds_a_boundary_behind_what_begins_as_one) {
    EXPECT_EQ(told("--B\r\n" + head + "\r\r\n\r\n-\r\n--\r\n\r\n--A\r\n--B--"), "[a:\r\r\n\r\n-\r\n--\r\n\r\n--A].");
    EXPECT_EQ(multipart_events::of("--a-a-b\r\n" + head + "\r\n--a-a-a\r\n--a-a-b--", "a-a-b", 1, 1),
              "[a:\r\n--a-a-a].");
    EXPECT_EQ(multipart_events::of("--a b?\r\n" + head + "\r\n--a b?--", "a b?", 1, 1), "[a:].");
}

struct name_of {
    const char *disposition, *told;
};

TEST(multipart, reads_names_as_browsers_write_them) {
    for (const auto& [disposition, name] : {
             name_of{"form-data; name=\"a\"", "[a:x]."},
             name_of{"form-data;name=a", "[a:x]."},
             name_of{"FORM-DATA ; NAME=a ; ", "[a:x]."},
             name_of{"form-data; name=\"\"", "[:x]."},
             name_of{"form-data; name=\"a;b=\\\"c\\\"\"", "[a;b=\"c\":x]."},
             name_of{"form-data; name=\"%22%0D%0a%25%41\"", "[\"\r\n%25%41:x]."},
             name_of{"form-data; name=\"é\"", "[é:x]."},
             name_of{"form-data; name=a; filename=\"\"", "[a||text/plain:x]."},
             name_of{"form-data; filename=b.txt; name=a", "[a|b.txt|text/plain:x]."},
             name_of{"form-data; name=a; filename=\"C:\\new\\\\x.txt\"", "[a|C:\\new\\x.txt|text/plain:x]."},
             name_of{"form-data; name=a; filename=\"../../etc/passwd\"", "[a|../../etc/passwd|text/plain:x]."},
             name_of{"form-data; name=a; filename*=UTF-8''evil.exe; filename=\"b\"", "[a|b|text/plain:x]."},
             name_of{"form-data; name=a; filename*=UTF-8''evil.exe", "[a:x]."},
         }) {
        EXPECT_EQ(told(part(disposition)), name) << disposition;
    }
}

TEST(multipart, refuses_parts_without_a_proper_name) {
    for (const char* disposition :
         {"", "attachment; name=a", "form-data", "form-data; filename=a", "form-data; name",
          "form-data; name=", "form-data; name=\"a", "form-data; name=\"a\\\"", "form-data; name=a; name=b",
          "form-data; name=a; filename=b; FileName=c", "form-data name=a", "form-data; name=a b",
          "form-data; name=\"a\"b", "form-data; =a", "form-data; name=\"\xff\"", "form-datax; name=a",
          "form-data, name=a"}) {
        EXPECT_THAT(told(part(disposition)), StartsWith("!400 ")) << disposition;
    }
}

TEST(multipart, refuses_malformed_heads) {
    for (const char* lines :
         {"\r\n", "X: y\r\n\r\n", "Content-Disposition : form-data; name=a\r\n\r\n",
          "Content-Disposition: form-data;\r\n name=a\r\n\r\n", " Content-Disposition: form-data; name=a\r\n\r\n",
          "Content-Disposition: form-data; name=a\n\n", "Content-Disposition: form-data; name=a\r\n\n",
          "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n",
          "Content-Disposition: form-data; name=a\r\nContent-Type: a/b\r\ncontent-type: a/c\r\n\r\n",
          "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n",
          "Content-Disposition: form-data; name=a\r\n: x\r\n\r\n",
          "Content-Disposition: form-data; name=a\r\nno colon\r\n\r\n",
          "Content-Disposition: form-data; name=a\rX: y\r\n\r\n"}) {
        EXPECT_THAT(told("--B\r\n" + std::string(lines) + "x\r\n--B--"), StartsWith("!400 ")) << lines;
    }
    const std::string nul("Content-Disposition: form-data; name=\"a\0\"\r\n\r\n", 46);
    EXPECT_THAT(told("--B\r\n" + nul + "x\r\n--B--"), StartsWith("!400 "));
}

TEST(multipart, refuses_what_is_behind_a_boundary) {
    for (const char* line :
         {"--Bx\r\n", "--B-\r\n", "--B -\r\n", "--B\n", "--B\nx\r\n", "--B\r\r\n", "--B\rx\r\n", "--B \n"}) {
        EXPECT_THAT(told(line + head + "x\r\n--B--"), StartsWith("!400 ")) << line;
    }
    EXPECT_EQ(told("--B\r\n" + head + "x\r\n--BC\r\n"), "[a:x]!400 there is something behind a boundary of the form");
}

TEST(multipart, that_is_cut_off_is_refused_at_its_end) {
    const std::string form = "--B\r\n" + head + "x\r\n--B--";
    for (std::size_t size = 0; size < form.size(); ++size) {
        EXPECT_THAT(told(form.substr(0, size)), HasSubstr("!400 the form is cut off")) << size;
    }
}

TEST(multipart, has_a_boundary_of_the_characters_it_may_have) {
    for (const std::string& boundary : {std::string(), std::string(71, 'a'), std::string("a "), std::string("a\r\nb"),
                                        std::string("a\"b"), std::string("a\0b", 3), std::string("é")}) {
        EXPECT_THROW(http::multipart_parser{boundary}, http::http_error) << boundary;
    }
    const std::string longest(70, '-');
    EXPECT_EQ(multipart_events::of("--" + longest + "\r\n" + head + "-\r\n--" + longest + "--", longest, 1, 1),
              "[a:-].");
}

TEST(multipart, has_limits) {
    std::string form;
    for (int i = 0; i < 100; ++i) form += "--B\r\n" + head + "\r\n";
    EXPECT_THAT(multipart_events::of(form + "--B--", "B", 1, 1000), testing::EndsWith("[a:]."));
    EXPECT_THAT(multipart_events::of(form + "--B\r\n" + head + "\r\n--B--", "B", 1, 1000),
                HasSubstr("!413 the form has too many parts"));
    EXPECT_EQ(told("--B\r\n" + head + "x\r\n--B\r\n", {.max_parts = 1}), "[a:x]!413 the form has too many parts");

    const std::string filling = "X: " + std::string(10 * 1024 - head.size() - 5, 'x') + "\r\n";
    EXPECT_EQ(told("--B\r\n" + filling + head + "\r\n--B--"), "[a:].");
    EXPECT_EQ(told("--B\r\nX" + filling + head + "\r\n--B--"), "!413 the head of a part of the form is too long");
    EXPECT_EQ(told("--B\r\n" + std::string(11'000, 'x')), "!413 the head of a part of the form is too long");
    EXPECT_EQ(told("--B" + std::string(11'000, ' ')), "!413 the head of a part of the form is too long");
}

// Each of these is 4 MiB that a parser could search again and again.
TEST(multipart, that_is_a_bomb_takes_no_longer_than_another_form) {
    const auto repeated = [](std::string_view piece) {
        std::string text;
        while (text.size() < 4 * 1024 * 1024) text += piece;
        return text;
    };
    const std::string boundary = std::string(69, '-') + "B";
    const auto start = std::chrono::steady_clock::now();
    for (const std::string& body : {repeated("\r"), repeated("\r\n"), repeated("-"),
                                    repeated("\r\n--" + std::string(69, '-') + "x"), repeated("\r\n-\r")}) {
        for (const std::size_t size : {4096uz, body.size()}) {
            const std::string form = "--" + boundary + "\r\n" + head + body + "\r\n--" + boundary + "--";
            EXPECT_TRUE(multipart_events::of(form, boundary, size, size) == "[a:" + body + "].");
        }
    }
    std::string many = "--B\r\n";
    while (many.size() < 10'000) many += "a:\r\n";
    EXPECT_THAT(told(many + "\r\n"), StartsWith("!400"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(multipart, makes_a_file_name_safe) {
    for (const auto& [name, safe] : {
             name_of{"photo.jpg", "photo.jpg"},
             name_of{"My Photo (1) é.jpg", "My Photo (1) é.jpg"},
             name_of{"/etc/passwd", "passwd"},
             name_of{"../../etc/passwd", "passwd"},
             name_of{"C:\\Windows\\win.ini", "win.ini"},
             name_of{"a/b\\c", "c"},
             name_of{"a\\b/c", "c"},
             name_of{"a/", "unnamed"},
             name_of{"", "unnamed"},
             name_of{".", "unnamed"},
             name_of{"..", "unnamed"},
             name_of{"...", "unnamed"},
             name_of{" . ", "unnamed"},
             name_of{".htaccess", "htaccess"},
             name_of{". .a. .", "a"},
             name_of{"a.txt...", "a.txt"},
             name_of{"a\r\nb\x7f\x01.txt", "a__b__.txt"},
             name_of{"a:b|c?d*e<f>g\"h", "a_b_c_d_e_f_g_h"},
             name_of{"\xff\xc0\xaf\xe2\x82", "_____"},
             name_of{"%2e%2e%2fx", "%2e%2e%2fx"},
         }) {
        EXPECT_EQ(http::safe_filename(name), safe) << name;
    }
    EXPECT_EQ(http::safe_filename(std::string("a\0.txt", 6)), "a_.txt");
    EXPECT_EQ(http::safe_filename(std::string(300, 'a')).size(), 255);
    EXPECT_EQ(http::safe_filename("a" + std::string(253, 'b') + "é").size(), 254);
    EXPECT_EQ(http::safe_filename(std::string(1'000'000, '.') + "a"), "a");
}

}  // namespace
