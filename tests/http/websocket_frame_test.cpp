// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_close.hpp"
#include "http/websocket/websocket_frame.hpp"
#include "http/websocket_frames.hpp"

#include <gtest/gtest.h>

#include <array>

namespace http = weft::http;
using namespace weft_test;

namespace {

constexpr http::websocket_frame_rules server_rules{.are_masked = true, .may_be_compressed = false};
constexpr http::websocket_frame_rules client_rules{.are_masked = false, .may_be_compressed = true};

std::string judged(std::string_view input, http::websocket_frame_rules rules = client_rules) {
    http::websocket_frame_head head;
    std::size_t size = 0;
    const auto wrong = read_frame_head(input, rules, head, size);
    if (!wrong.empty()) return std::string(wrong);
    return size == 0 ? "more" : std::to_string(size) + "+" + std::to_string(head.length);
}

TEST(websocket_frame, heads_have_2_to_14_bytes) {
    EXPECT_EQ(judged(from_server(fin | text, "hello")), "2+5");
    EXPECT_EQ(judged(from_client(fin | text, "hello"), server_rules), "6+5");
    EXPECT_EQ(judged(from_server(fin | binary, std::string(126, 'x'))), "4+126");
    EXPECT_EQ(judged(from_server(binary, std::string(65535, 'x'))), "4+65535");
    EXPECT_EQ(judged(from_client(fin | binary, std::string(65536, 'x')), server_rules), "14+65536");
}

TEST(websocket_frame, a_head_that_is_not_whole_wants_more) {
    const std::string whole = from_client(fin | binary, std::string(65536, 'x'));
    for (std::size_t size = 0; size < 14; ++size)
        EXPECT_EQ(judged(whole.substr(0, size), server_rules), "more") << size;
}

TEST(websocket_frame, what_nobody_may_send_is_refused) {
    const struct {
        std::string frame;
        http::websocket_frame_rules rules;
        const char* why;
    } table[] = {
        {from_server(fin | text, "x"), server_rules, "a frame is not masked"},
        {from_client(fin | text, "x"), client_rules, "a frame is masked"},
        {from_server(fin | rsv2 | text, "x"), client_rules, "a reserved bit is set"},
        {from_server(fin | rsv3 | text, "x"), client_rules, "a reserved bit is set"},
        {from_client(fin | rsv1 | text, "x"), server_rules, "a frame is compressed, which was not agreed on"},
        {from_server(fin | rsv1 | ping, "x"), client_rules, "a frame that begins no message is marked as compressed"},
        {from_server(fin | rsv1, "x"), client_rules, "a frame that begins no message is marked as compressed"},
        {from_server(ping, "x"), client_rules, "a control frame is fragmented"},
        {from_server(closing, "x"), client_rules, "a control frame is fragmented"},
        {from_server(fin | ping, std::string(126, 'x')), client_rules, "a control frame is longer than 125 bytes"},
        {std::string("\x82\x7e\x00\x7d", 4), client_rules, "a length takes more bytes than it needs"},
        {std::string("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", 10), client_rules,
         "a length takes more bytes than it needs"},
        {std::string("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10), client_rules, "a length has its highest bit set"},
    };
    for (const auto& [frame, rules, why] : table) EXPECT_EQ(judged(frame, rules), why);
    for (const unsigned opcode : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u})
        EXPECT_EQ(judged(from_server(fin | opcode, "x")), "an opcode is unknown") << opcode;
}

TEST(websocket_frame, what_is_written_is_what_was_made_by_hand) {
    for (const std::size_t size : {0, 1, 125, 126, 127, 65535, 65536}) {
        const std::string payload(size, 'p');
        std::string written;
        append_frame(written, http::websocket_role::server, http::websocket_opcode::binary, payload);
        EXPECT_EQ(written, from_server(fin | binary, payload)) << size;
    }
}

TEST(websocket_frame, a_clients_frame_is_masked_by_a_mask_of_its_own) {
    std::string first, second;
    append_frame(first, http::websocket_role::client, http::websocket_opcode::text, "Hello, world");
    append_frame(second, http::websocket_role::client, http::websocket_opcode::text, "Hello, world");
    EXPECT_NE(first, second);  // one time in 2^32 they are the same
    http::websocket_frame_head head;
    std::size_t size = 0;
    ASSERT_EQ(read_frame_head(first, server_rules, head, size), "");
    ASSERT_EQ(size, 6u);
    http::apply_mask(first.data() + size, 12, head.mask, 0);
    EXPECT_EQ(first.substr(size), "Hello, world");
}

TEST(websocket_frame, masking_in_pieces_is_masking_the_whole) {
    const http::websocket_mask mask{'\x01', '\x7f', '\x80', '\xff'};
    std::string plain;
    for (int i = 0; i < 100; ++i) plain += static_cast<char>(7 * i);
    std::string expected = plain;
    for (std::size_t i = 0; i < plain.size(); ++i) expected[i] = static_cast<char>(plain[i] ^ mask[i % 4]);
    for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
        std::string masked = plain;
        http::apply_mask(masked.data(), cut, mask, 0);
        http::apply_mask(masked.data() + cut, masked.size() - cut, mask, cut);
        EXPECT_EQ(masked, expected) << cut;
    }
}

TEST(websocket_close, codes_that_a_close_frame_may_carry) {
    for (const unsigned good :
         {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
        EXPECT_TRUE(http::is_close_code(good)) << good;
    for (const unsigned bad : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
        EXPECT_FALSE(http::is_close_code(bad)) << bad;
}

TEST(websocket_close, what_a_close_frame_says) {
    const auto wrong = [](std::string_view payload) {
        http::websocket_close said;
        return http::read_close(payload, said).code;
    };
    http::websocket_close said;
    const std::string payload = code(4000, "bye");
    EXPECT_EQ(http::read_close(payload, said).code, 0);
    EXPECT_EQ(said.code, 4000);
    EXPECT_EQ(said.reason, "bye");
    EXPECT_EQ(http::read_close("", said).code, 0);
    EXPECT_EQ(said.code, 1005);
    EXPECT_EQ(wrong("\x03"), 1002);
    EXPECT_EQ(wrong(code(1005)), 1002);
    EXPECT_EQ(wrong(code(999)), 1002);
    EXPECT_EQ(wrong(code(1000, "\xff")), 1007);
    EXPECT_EQ(wrong(code(1000, "\xe2\x82")), 1007);
}

TEST(websocket_close, only_what_the_peer_will_take_is_sent) {
    EXPECT_EQ(http::close_payload({1000, "bye"}), code(1000, "bye"));
    EXPECT_EQ(http::close_payload({1005}), "");
    EXPECT_THROW(http::close_payload({1006}), std::invalid_argument);
    EXPECT_THROW(http::close_payload({1000, "\xff"}), std::invalid_argument);
    EXPECT_THROW(http::close_payload({1000, std::string(124, 'x')}), std::invalid_argument);
    EXPECT_EQ(http::close_payload({1000, std::string(123, 'x')}).size(), 125u);
}

}  // namespace
