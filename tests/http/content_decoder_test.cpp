// SPDX-License-Identifier: Apache-2.0
#include "http/message/content_decoder.hpp"

#if WEFT_WITH_ZLIB

#include "http/scripted_server.hpp"

#include <gmock/gmock.h>

#include <random>
#include <zlib.h>

using namespace weft_test;
using testing::HasSubstr;
using testing::Not;
using weft::task;
namespace http = weft::http;
using http::content_coding;

namespace {

constexpr int gzip = 15 + 16, zlib = 15, raw = -15;

std::string compressed(std::string_view text, int window_bits = gzip) {
    z_stream z{};
    EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(compressBound(text.size()) + 100, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}

/// Decodes what comes in pieces of `in` bytes into pieces of `out` bytes.
std::string decoded(std::string_view input, content_coding coding, std::size_t in, std::size_t out) {
    http::content_decoder d(coding, 100);
    std::string all, buffer(out, '\0');
    while (!input.empty()) {
        std::string_view piece = input.substr(0, in);
        input.remove_prefix(piece.size());
        while (const std::size_t count = d.decode(piece, std::as_writable_bytes(std::span(buffer))))
            all += buffer.substr(0, count);
        EXPECT_TRUE(piece.empty());
    }
    if (!d.is_whole()) throw http::content_error("cut off");
    return all;
}

std::string some_text(std::size_t size) {
    std::mt19937 random(17);
    std::string text;
    while (text.size() < size) text += "abcdefgh"[random() % 8];
    return text;
}

TEST(http_content_decoder, decodes_however_it_is_cut) {
    for (const std::string& text : {std::string(), std::string("a"), some_text(3000)}) {
        for (const std::size_t in : {1, 2, 7, 1000, 100000}) {
            for (const std::size_t out : {1, 3, 1000, 100000}) {
                EXPECT_EQ(decoded(compressed(text), content_coding::gzip, in, out), text);
                EXPECT_EQ(decoded(compressed(text, zlib), content_coding::deflate, in, out), text);
                EXPECT_EQ(decoded(compressed(text, raw), content_coding::deflate, in, out), text);
                EXPECT_EQ(decoded(compressed(text) + compressed("b"), content_coding::gzip, in, out), text + "b");
            }
        }
    }
    EXPECT_EQ(decoded("", content_coding::gzip, 1, 1), "");
}

TEST(http_content_decoder, refuses_what_is_cut_off) {
    const std::string whole = compressed(some_text(100)), zlibs = compressed(some_text(100), zlib);
    for (std::size_t size = 1; size < whole.size(); ++size)
        EXPECT_THROW(decoded(whole.substr(0, size), content_coding::gzip, 10, 10), http::content_error) << size;
    for (std::size_t size = 1; size < zlibs.size(); ++size)
        EXPECT_THROW(decoded(zlibs.substr(0, size), content_coding::deflate, 10, 10), http::content_error) << size;
}

TEST(http_content_decoder, refuses_what_is_not_compressed_so) {
    EXPECT_THROW(decoded("hello", content_coding::gzip, 10, 10), http::content_error);
    EXPECT_THROW(decoded(compressed("a", zlib), content_coding::gzip, 10, 10), http::content_error);
    EXPECT_THROW(decoded(compressed("a") + "junk", content_coding::gzip, 100, 10), http::content_error);
    EXPECT_THROW(decoded(compressed("a", zlib) + "junk", content_coding::deflate, 100, 10), http::content_error);
    std::string flipped = compressed(some_text(1000));
    flipped[flipped.size() - 6] ^= 1;  // in the checksum
    EXPECT_THROW(decoded(flipped, content_coding::gzip, 100, 100), http::content_error);
}

TEST(http_content_decoder, refuses_bombs) {
    EXPECT_EQ(decoded(compressed(std::string(1 << 20, '\0')), content_coding::gzip, 1000, 1000).size(), 1u << 20);
    EXPECT_THROW(decoded(compressed(std::string(10 << 20, '\0')), content_coding::gzip, 1000, 1000),
                 http::content_error);
    EXPECT_THROW(
        decoded(compressed(compressed(std::string(100 << 20, '\0'))), content_coding::gzip, 1000, 1000).size() > 0
            ? throw http::content_error("of bombs in bombs one layer is taken off")
            : 0,
        http::content_error);
}

// In the client

TEST(http_content_decoder, serves_the_client) {
    const std::string text = some_text(100000);
    for (const std::string coding : {"gzip", "x-gzip", "deflate", "GZIP"}) {
        const std::string body = compressed(text, coding == "deflate" ? zlib : gzip);
        const auto heard = std::make_shared<std::vector<std::string>>();
        const std::string answer = "HTTP/1.1 200 OK\r\nContent-Encoding: " + coding +
                                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        with_scripts({answering({answer}, heard, false)}, [&](http::client& c, scripted_server&) -> task<> {
            http::client_response r = co_await c.get("http://a/");
            EXPECT_EQ(r.content_length(), std::nullopt);
            EXPECT_TRUE(co_await r.text() == text);
            EXPECT_THAT(heard->at(0), HasSubstr("\r\nAccept-Encoding: gzip, deflate\r\n"));
            EXPECT_EQ(c.idle_connections(), 1u);
        });
        with_scripts({answering({answer}, heard)}, {.decompress = false},
                     [&](http::client& c, scripted_server&) -> task<> {
                         http::client_response r = co_await c.get("http://a/");
                         EXPECT_EQ(r.content_length(), body.size());
                         EXPECT_TRUE(co_await r.text() == body);
                         EXPECT_THAT(heard->at(1), Not(HasSubstr("Accept-Encoding")));
                     });
    }
}

TEST(http_content_decoder, tells_the_client_of_bombs_and_lies) {
    const std::string bomb = compressed(std::string(50 << 20, '\0'));
    for (const std::string& body : {bomb, std::string("no gzip at all"), compressed("abc").substr(0, 15)}) {
        with_scripts({saying("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + body)},
                     [](http::client& c, scripted_server&) -> task<> {
                         http::client_response r = co_await c.get("http://a/");
                         std::optional<http::client_errc> code;
                         try {
                             co_await r.text();
                         } catch (const http::client_error& e) {
                             code = e.code();
                             EXPECT_THAT(e.what(), HasSubstr("GET http://a/: "));
                         }
                         EXPECT_EQ(code, http::client_errc::bad_encoding);
                         EXPECT_EQ(c.connections(), 0u);
                     });
    }
}

TEST(http_content_decoder, leaves_codings_alone_that_it_does_not_know) {
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc";
    with_scripts({answering({answer})}, [](http::client& c, scripted_server&) -> task<> {
        http::client_response r = co_await c.get("http://a/");
        EXPECT_EQ(co_await r.text(), "abc");
    });
}

}  // namespace

#endif
