// SPDX-License-Identifier: Apache-2.0
#include <weft/http/compression.hpp>

#include "http/talk.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace http = weft::http;

#if WEFT_WITH_ZLIB

#include "http/message/content_decoder.hpp"
#include "http/syntax/accept_encoding.hpp"

#include <weft/flow/wait_for.hpp>
#include <weft/http/server_sent_events.hpp>
#include <weft/http/static_files.hpp>

#include <array>
#include <filesystem>
#include <fstream>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using weft::task;

namespace {

constexpr std::string_view accepting = "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";

std::string long_text() {
    std::string text;
    for (int i = 0; i < 500; ++i) text += "line " + std::to_string(i) + "\n";
    return text;
}

std::string head_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n\r\n") + 4); }
std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

/// The content of chunks, as far as they have come.
std::string joined(std::string_view chunks) {
    std::string content;
    while (!chunks.empty()) {
        const std::size_t size = std::stoul(std::string(chunks), nullptr, 16);
        chunks.remove_prefix(chunks.find("\r\n") + 2);
        content += chunks.substr(0, size);
        chunks.remove_prefix(size + 2);
    }
    return content;
}

/// What can be read of it by now.
std::string unpacked(std::string_view packed, bool is_whole = true) {
    http::content_decoder decoder(http::content_coding::gzip, 1000);
    std::string text;
    std::array<std::byte, 4096> buffer;
    while (const std::size_t count = decoder.decode(packed, buffer))
        text.append(reinterpret_cast<const char*>(buffer.data()), count);
    EXPECT_EQ(decoder.is_whole(), is_whole);
    return text;
}

http::router compressing(http::handler answers, http::compress_options options = {}) {
    http::router routes;
    routes.use(http::compress(std::move(options)));
    routes.get("/", std::move(answers));
    return routes;
}
/// What `answers` gives a client that sends `asked`.
std::string answer_to(std::string_view asked, http::handler answers, http::compress_options options = {}) {
    std::string heard;
    with_server(compressing(std::move(answers), std::move(options)), [&](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(asked);
        while (heard.empty()) heard = co_await c.hear();  // a thread may be at it
        heard += co_await c.hear();  // more than there is room for at once
    });
    return heard;
}
task<http::response> says_much(http::request&) { co_return http::response::text(long_text()).with("ETag", "\"a\""); }

TEST(compress, makes_a_text_smaller_that_the_client_takes_so) {
    const std::string heard = answer_to(accepting, says_much);
    EXPECT_THAT(head_of(heard), AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("Vary: Accept-Encoding\r\n"),
                                      HasSubstr("ETag: W/\"a\"\r\n"),
                                      HasSubstr("Content-Length: " + std::to_string(body_of(heard).size()))));
    EXPECT_LT(body_of(heard).size(), long_text().size() / 2);
    EXPECT_EQ(unpacked(body_of(heard)), long_text());
}

TEST(compress, leaves_it_to_the_client) {
    const auto is_packed = [](std::string_view accepted) {
        const std::string asked = "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: " + std::string(accepted) + "\r\n\r\n";
        const std::string head = head_of(answer_to(asked, says_much));
        EXPECT_THAT(head, HasSubstr("Vary: Accept-Encoding\r\n"));
        return head.contains("Content-Encoding");
    };
    for (const char* const yes :
         {"gzip", "x-gzip", "br, GZIP;q=0.5", "*", "gzip;q=0.5, identity;q=0.5", "deflate;q=0, *;q=0.1"})
        EXPECT_TRUE(is_packed(yes)) << yes;
    for (const char* const no :
         {"", "br", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "gzip;q=0.5, identity", "gzip;q=2", "gzip;x=1", "gzipped"})
        EXPECT_FALSE(is_packed(no)) << no;
}

TEST(compress, does_not_touch_what_gains_nothing_or_must_not_be_changed) {
    const auto is_left = [](http::response (*make)(), std::string_view asked = accepting) {
        const std::string heard =
            answer_to(asked, [make](http::request&) -> task<http::response> { co_return make(); });
        EXPECT_FALSE(heard.empty());
        return !heard.contains("Content-Encoding: gzip");
    };
    using http::response;
    EXPECT_TRUE(is_left([] { return response::text("short"); }));
    EXPECT_TRUE(is_left([] { return response::text(long_text()).with("Content-Type", "image/png"); }));
    EXPECT_TRUE(is_left([] { return response::text(long_text()).with("Content-Encoding", "br"); }));
    EXPECT_TRUE(is_left([] { return response::text(long_text()).with("Cache-Control", "private, No-Transform"); }));
    EXPECT_TRUE(is_left([] { return response::text(long_text(), http::status::partial_content); }));
    EXPECT_TRUE(is_left([] { return response::text(long_text(), http::status::no_content); }));
    EXPECT_TRUE(is_left([] { return response::text(long_text(), http::status::not_modified); }));
    constexpr auto much = [] { return response::text(long_text()); };
    EXPECT_TRUE(is_left(much, "HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"));
    EXPECT_TRUE(is_left(much, "GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n"));
    EXPECT_FALSE(is_left(much));
    EXPECT_FALSE(is_left([] { return response::text(long_text()).with("Content-Type", "Image/SVG+xml ; a=b"); }));
}

TEST(compress, does_not_say_of_head_how_long_it_would_be) {
    const auto much = [](http::request&) -> task<http::response> {
        co_return http::response::text(long_text()).with("ETag", "\"1\"");
    };
    EXPECT_THAT(answer_to("HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", much),
                AllOf(Not(HasSubstr("Content-Length")), HasSubstr("ETag: W/\"1\"\r\n")));
    EXPECT_THAT(answer_to("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", much),
                AllOf(HasSubstr("Content-Length"), HasSubstr("ETag: \"1\"\r\n")));
}

TEST(compress, does_not_make_anything_larger) {
    const auto noise = [](http::request&) -> task<http::response> {
        std::string bytes;
        for (unsigned i = 0, x = 1; i < 4000; ++i) bytes += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
        co_return http::response::text(std::move(bytes));
    };
    EXPECT_THAT(head_of(answer_to(accepting, noise)),
                AllOf(HasSubstr("Content-Length: 4000\r\n"), Not(HasSubstr("Content-Encoding"))));
}

TEST(compress, takes_long_texts_as_well) {
    const auto much = [](http::request&) -> task<http::response> {
        std::string text;
        for (int i = 0; i < 100; ++i) text += long_text();
        co_return http::response::text(std::move(text));
    };
    const std::string heard = answer_to(accepting, much);
    EXPECT_THAT(head_of(heard), HasSubstr("Content-Encoding: gzip\r\n"));
    EXPECT_EQ(unpacked(body_of(heard)).size(), 100 * long_text().size());
}

TEST(compress, sends_events_when_they_are_sent) {
    const auto sends = [](http::request&) -> task<http::response> {
        co_return http::send_events([](http::event_sender& to) -> task<> {
            co_await to.send({.data = "one"});
            co_await weft::sleep(1s);
            co_await to.send({.data = "two"});
        });
    };
    with_server(compressing(sends), [](http::server& s) -> task<> {
        conversation c(s);
        const std::string first = co_await c.ask(accepting);
        EXPECT_THAT(head_of(first),
                    AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n")));
        EXPECT_EQ(unpacked(joined(body_of(first)), false), "data: one\n\n");
        co_await weft::sleep(1s);
        const std::string all = joined(body_of(first)) + joined(co_await c.hear());
        EXPECT_EQ(unpacked(all), "data: one\n\ndata: two\n\n");
    });
}

TEST(compress, forgets_the_size_of_a_stream_but_not_that_it_must_be_right) {
    const auto streams = [](std::size_t size) {
        return [size](http::request&) -> task<http::response> {
            auto writes = [](http::body_writer& to) -> task<> { co_await to.write(long_text()); };
            co_return http::response::stream(writes, "text/plain", size);
        };
    };
    const std::string heard = answer_to(accepting, streams(long_text().size()));
    EXPECT_THAT(head_of(heard), AllOf(HasSubstr("chunked"), Not(HasSubstr("Content-Length"))));
    EXPECT_EQ(unpacked(joined(body_of(heard))), long_text());
    with_server(compressing(streams(long_text().size() + 1)), [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask(accepting), Not(EndsWith("\r\n0\r\n\r\n")));
        EXPECT_THROW(co_await c.served, std::length_error);
    });
}

TEST(compress, sends_what_a_cancelled_write_has_given_but_once) {
    // So random that there are as many bytes when it is compressed: the client's buffers are soon full.
    std::string noise(1'000'000, '\0');
    for (unsigned x = 1; char& c : noise) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
    int cancelled = 0;
    const auto streams = [&](http::request&) -> task<http::response> {
        auto writes = [&](http::body_writer& to) -> task<> {
            for (std::string_view left = noise; !left.empty(); left.remove_prefix(20'000)) {
                try {
                    co_await weft::wait_for(to.write(left.substr(0, 20'000)), 10ms);
                } catch (const weft::timeout_error&) {
                    ++cancelled;
                }
            }
        };
        co_return http::response::stream(writes, "text/plain");
    };
    with_server(compressing(streams), [&](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(accepting);
        co_await weft::sleep(1s);
        EXPECT_GT(cancelled, 0);
        std::string heard;
        while (!heard.ends_with("\r\n0\r\n\r\n")) heard += co_await c.hear();
        EXPECT_THAT(head_of(heard), HasSubstr("Content-Encoding: gzip\r\n"));
        EXPECT_TRUE(unpacked(joined(body_of(heard))) == noise);
    });
}

TEST(compress, compresses_files_and_leaves_those_that_are) {
    const auto folder = std::filesystem::temp_directory_path() / ("weft_compress_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::string text;
    while (text.size() < 200'000) text += long_text();
    std::ofstream(folder / "a.txt") << text;
    std::ofstream(folder / "b.txt") << text;
    std::ofstream(folder / "b.txt.gz") << "packed before";

    http::router routes;
    routes.use(http::compress());
    routes.get("/{path:path}", http::static_files(folder.string(), {.precompressed = true}));
    with_server(std::move(routes), [&](http::server& s) -> task<> {
        conversation c(s);
        const auto get = [&](std::string_view name, std::string_view end,
                             std::string_view more = "") -> task<std::string> {
            std::string asked = "GET /" + std::string(name) + " HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n";
            co_await c.say(asked.append(more).append("\r\n"));
            std::string heard;
            while (!heard.ends_with(end)) heard += co_await c.hear();  // threads are at it
            co_return heard;
        };
        const std::string packed = co_await get("a.txt", "\r\n0\r\n\r\n");
        EXPECT_THAT(head_of(packed), AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("ETag: W/\""),
                                           Not(HasSubstr("Accept-Ranges"))));
        EXPECT_EQ(unpacked(joined(body_of(packed))), text);
        EXPECT_THAT(co_await get("b.txt", "packed before"),
                    AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("ETag: \"")));
        EXPECT_THAT(co_await get("a.txt", "line 0", "Range: bytes=0-5\r\n"),
                    AllOf(StartsWith("HTTP/1.1 206 "), Not(HasSubstr("Content-Encoding"))));
    });
    std::filesystem::remove_all(folder);
}

TEST(compress, refuses_a_level_that_there_is_not) {
    EXPECT_THROW(static_cast<void>(http::compress({.level = 0})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(http::compress({.level = 10})), std::invalid_argument);
}

TEST(accept_encoding, says_how_much_a_coding_is_wanted) {
    using http::coding_quality;
    EXPECT_EQ(coding_quality("gzip;q=0.8, br", "gzip"), 800);
    EXPECT_EQ(coding_quality("gzip ; q=0.8 , br", "br"), 1000);
    EXPECT_EQ(coding_quality("br, *;q=0.1", "gzip"), 100);
    EXPECT_EQ(coding_quality("br", "identity"), 1);
    EXPECT_EQ(coding_quality("*;q=0", "identity"), 0);
    EXPECT_EQ(coding_quality("gzip;q=0.8x, gzip", "gzip"), 1000);
}

}  // namespace

#else

TEST(compress, says_that_it_was_left_out) {
    try {
        static_cast<void>(http::compress());
        ADD_FAILURE();
    } catch (const std::logic_error& e) {
        EXPECT_THAT(e.what(), testing::HasSubstr("WEFT_WITH_ZLIB"));
    }
}

#endif
