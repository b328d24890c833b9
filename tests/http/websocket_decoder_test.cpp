// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_decoder.hpp"
#include "http/websocket_frames.hpp"

#include <gtest/gtest.h>

namespace http = weft::http;
using namespace weft_test;
using event = http::websocket_decoder::event;

namespace {

const http::deflate_agreement without_context{{15, false}, {15, false}};
const http::deflate_agreement with_context{{15, true}, {15, true}};

struct setting {
    http::websocket_role own = http::websocket_role::server;
    http::websocket_options limits = {};
    std::optional<http::deflate_agreement> agreed = {};
};

/// What a decoder tells of bytes that come in portions of that size.
std::string told_in(std::string_view input, const setting& s, std::size_t portion) {
    http::websocket_decoder decoder(s.own, s.limits, s.agreed);
    std::string buffered, told;
    const auto say = [&](std::string_view what) { told.append(told.empty() ? "" : ", ").append(what); };
    while (!input.empty()) {
        buffered += input.substr(0, portion);
        input.remove_prefix(std::min(portion, input.size()));
        std::string_view rest = buffered;
        for (event e; (e = decoder.decode(rest)) != event::incomplete;) {
            const std::size_t size = decoder.message().data.size();
            if (e == event::message && decoder.message().is_text)
                say("text " + (size > 20 ? std::to_string(size) : decoder.message().data));
            if (e == event::message && !decoder.message().is_text) say("binary " + std::to_string(size));
            if (e == event::ping) say("ping " + std::string(decoder.payload()));
            if (e == event::pong) say("pong " + std::string(decoder.payload()));
            if (e == event::close)
                say("close " + std::to_string(decoder.close().code) + std::string(decoder.close().reason));
            if (e != event::refused) continue;
            say(std::to_string(decoder.why().code) + " " + std::string(decoder.why().reason));
            return told;
        }
        buffered.erase(0, buffered.size() - rest.size());
    }
    return told;
}

std::string told(const std::string& input, const setting& s = {}) {
    const std::string whole = told_in(input, s, input.size());
    for (const std::size_t portion : {1, 2, 3, 7, 1000}) EXPECT_EQ(told_in(input, s, portion), whole) << portion;
    return whole;
}

std::string deflated(std::string_view message, http::message_deflater d = http::message_deflater({15, false})) {
    std::string out;
    d.deflate(message, out);
    return out;
}

TEST(websocket_decoder, puts_messages_together) {
    EXPECT_EQ(told(from_client(fin | text, "hello") + from_client(fin | binary, std::string(70000, 'x'))),
              "text hello, binary 70000");
    EXPECT_EQ(told(from_client(text, "he") + from_client(0, "ll") + from_client(fin, "o")), "text hello");
    EXPECT_EQ(told(from_client(fin | text, "")), "text ");
    EXPECT_EQ(told(from_server(fin | text, "hi"), {.own = http::websocket_role::client}), "text hi");
}

TEST(websocket_decoder, control_frames_come_between_fragments) {
    EXPECT_EQ(told(from_client(text, "he") + from_client(fin | ping, "p") + from_client(0, "ll") +
                   from_client(fin | pong, "") + from_client(fin, "o") + from_client(fin | closing, code(1000, "bye"))),
              "ping p, pong , text hello, close 1000bye");
}

TEST(websocket_decoder, fragments_out_of_turn_are_refused) {
    EXPECT_EQ(told(from_client(fin, "x")), "1002 a frame continues no message");
    EXPECT_EQ(told(from_client(text, "x") + from_client(text, "y")),
              "1002 a message begins before the last one has ended");
    EXPECT_EQ(told(from_client(fin | text, "x") + from_client(fin, "y")), "text x, 1002 a frame continues no message");
}

TEST(websocket_decoder, is_strict_with_frames) {
    EXPECT_EQ(told(from_server(fin | text, "x")), "1002 a frame is not masked");
    EXPECT_EQ(told(from_client(fin | rsv2 | text, "x")), "1002 a reserved bit is set");
    EXPECT_EQ(told(from_client(fin | ping, std::string(126, 'x'))), "1002 a control frame is longer than 125 bytes");
    EXPECT_EQ(told(from_client(ping, "x")), "1002 a control frame is fragmented");
    EXPECT_EQ(told(from_client(fin | closing, code(1005))), "1002 a close frame has a code that none may have");
    EXPECT_EQ(told(from_client(fin | closing, "x")), "1002 a close frame has half a code");
}

TEST(websocket_decoder, a_message_above_the_limit_is_refused_at_its_head) {
    const setting small{.limits = {.message_bytes = 100}};
    EXPECT_EQ(told(from_client(fin | binary, std::string(100, 'x')), small), "binary 100");
    EXPECT_EQ(told(from_client(fin | binary, std::string(101, 'x')).substr(0, 6), small), "1009 a message is too long");
    EXPECT_EQ(
        told(from_client(binary, std::string(60, 'x')) + from_client(fin, std::string(41, 'x')).substr(0, 6), small),
        "1009 a message is too long");
    std::string huge = "\x82\xff" + big_endian(~std::uint64_t{0} >> 1, 8) + "mask";
    EXPECT_EQ(told(huge), "1009 a message is too long");
}

TEST(websocket_decoder, fragments_are_counted_also_empty_ones) {
    std::string input = from_client(text, "");
    for (int i = 0; i < 1023; ++i) input += from_client(0, "");
    EXPECT_EQ(told(input + from_client(fin, "")), "1008 a message has too many fragments");
    input.resize(input.size() - 6);
    EXPECT_EQ(told(input + from_client(fin, "x")), "text x");
}

TEST(websocket_decoder, utf8_may_be_split_over_frames) {
    const std::string euro = "\xe2\x82\xac";
    EXPECT_EQ(told(from_client(text, euro.substr(0, 1)) + from_client(fin | ping, "") +
                   from_client(0, euro.substr(1, 1)) + from_client(fin, euro.substr(2))),
              "ping , text " + euro);
    EXPECT_EQ(told(from_client(text, euro.substr(0, 2)) + from_client(fin, "")), "1007 a text ends within a character");
    EXPECT_EQ(told(from_client(text, "\xed") + from_client(0, "\xa0")), "1007 a text is not UTF-8");
    EXPECT_EQ(told(from_client(fin | binary, "\xed\xa0")), "binary 2");
}

TEST(websocket_decoder, text_that_is_wrong_is_refused_before_it_has_all_come) {
    EXPECT_EQ(told(from_client(fin | text, std::string(10, 'a') + "\xff" + std::string(50, 'a')).substr(0, 30)),
              "1007 a text is not UTF-8");
}

class websocket_decoder_inflates : public testing::Test {
    void SetUp() override {
        if (!http::has_deflate) GTEST_SKIP() << "built without zlib";
    }
};

TEST_F(websocket_decoder_inflates, compressed_messages) {
    const setting s{.agreed = without_context};
    const std::string body(5000, 'a'), small = deflated(body);
    EXPECT_LT(small.size(), 100u);
    EXPECT_EQ(told(from_client(fin | rsv1 | text, small), s), "text 5000");
    EXPECT_EQ(told(from_client(rsv1 | binary, small.substr(0, 3)) + from_client(fin | ping, "") +
                       from_client(fin, small.substr(3)),
                   s),
              "ping , binary 5000");
    EXPECT_EQ(told(from_client(fin | rsv1 | text, small) + from_client(fin | text, "plain"), s),
              "text 5000, text plain");
}

TEST_F(websocket_decoder_inflates, the_examples_of_the_rfc) {
    using namespace std::string_literals;
    const setting s{.agreed = with_context};
    EXPECT_EQ(told(from_client(fin | rsv1 | text, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), s), "text Hello");
    EXPECT_EQ(told(from_client(fin | rsv1 | text, "\xf2\x48\xcd\xc9\xc9\x07\x00"s) +
                       from_client(fin | rsv1 | text, "\xf2\x00\x11\x00\x00"s),
                   s),
              "text Hello, text Hello");
    EXPECT_EQ(told(from_client(fin | rsv1 | text, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s), s), "text Hello")
        << "a stored block";
    EXPECT_EQ(told(from_client(fin | rsv1 | text, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), s), "text Hello")
        << "a last block";
    EXPECT_EQ(told(from_client(fin | rsv1 | text, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s), s),
              "text Hello")
        << "two blocks";
    EXPECT_EQ(told(from_client(fin | rsv1 | text, "\x00"s), s), "text ");
}

TEST_F(websocket_decoder_inflates, a_context_only_where_it_was_agreed_on) {
    using namespace std::string_literals;
    const std::string second = from_client(fin | rsv1 | text, "\xf2\x00\x11\x00\x00"s);
    EXPECT_EQ(
        told(from_client(fin | rsv1 | text, "\xf2\x48\xcd\xc9\xc9\x07\x00"s) + second, {.agreed = without_context}),
        "text Hello, 1007 a compressed message cannot be inflated");
}

TEST_F(websocket_decoder_inflates, a_bomb_only_up_to_the_limit) {
    const std::string bomb = deflated(std::string(64 << 20, '\0'));
    ASSERT_LT(bomb.size(), 100000u);
    EXPECT_EQ(told_in(from_client(fin | rsv1 | binary, bomb), {.agreed = without_context}, 1000),
              "1009 a message is too long when it is inflated");
    std::string out;
    EXPECT_EQ(http::message_inflater({15, false}).inflate(bomb, 1000, out), http::message_inflater::result::too_big);
    EXPECT_LE(out.capacity(), 4096u);
    const std::string exact = deflated(std::string(1000, 'x'));
    EXPECT_EQ(http::message_inflater({15, false}).inflate(exact, 1000, out), http::message_inflater::result::ok);
    EXPECT_EQ(http::message_inflater({15, false}).inflate(exact, 999, out), http::message_inflater::result::too_big);
}

TEST_F(websocket_decoder_inflates, what_is_broken_is_refused) {
    const setting s{.agreed = without_context};
    EXPECT_EQ(told(from_client(fin | rsv1 | text, "\xff\xff\xff\xff"), s),
              "1007 a compressed message cannot be inflated");
    EXPECT_EQ(told(from_client(fin | rsv1 | text, deflated("\xff\xfe")), s), "1007 a text is not UTF-8");
    EXPECT_EQ(told(from_client(fin | rsv1 | text, deflated("\xe2\x82")), s), "1007 a text ends within a character");
}

TEST_F(websocket_decoder_inflates, nothing_again_and_again) {
    for (const bool keeps : {false, true}) {
        http::message_deflater deflater({15, keeps});
        http::message_inflater inflater({15, keeps});
        for (const char* message : {"", "", "something", "", "", "something"}) {
            std::string compressed, out;
            deflater.deflate(message, compressed);
            EXPECT_EQ(inflater.inflate(compressed, 100, out), http::message_inflater::result::ok);
            EXPECT_EQ(out, message);
        }
    }
}

TEST_F(websocket_decoder_inflates, what_every_window_has_deflated) {
    std::string body;
    for (int i = 0; i < 20000; ++i) body += std::to_string(i * 7919 % 1000);
    for (int bits = 9; bits <= 15; ++bits) {
        for (const bool keeps : {false, true}) {
            http::message_deflater deflater({bits, keeps});
            http::message_inflater inflater({bits, keeps});
            for (int again = 0; again < 3; ++again) {
                std::string small, out;
                deflater.deflate(body, small);
                EXPECT_LT(small.size(), body.size());
                EXPECT_EQ(inflater.inflate(small, 1 << 20, out), http::message_inflater::result::ok) << bits << keeps;
                EXPECT_EQ(out, body);
            }
        }
    }
}

}  // namespace
