// SPDX-License-Identifier: Apache-2.0
#include "attacks_on_heads.hpp"
#include "message_reader.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace {

using weft_test::attack;
using weft_test::message_reader;

struct row {
    attack of;
    message_reader::kind kind;
};
void PrintTo(const row& r, std::ostream* to) { *to << r.of.name; }

std::vector<row> all_rows() {
    std::vector<row> all;
    for (const attack& a : weft_test::request_attacks()) all.push_back({a, message_reader::kind::requests});
    for (const attack& a : weft_test::response_attacks()) all.push_back({a, message_reader::kind::responses});
    return all;
}

class head_parser_attacks : public testing::TestWithParam<row> {};

TEST_P(head_parser_attacks, have_the_verdict_that_is_in_the_table) {
    message_reader reader(GetParam().kind);
    reader.feed(GetParam().of.bytes);
    EXPECT_EQ(reader.end(), GetParam().of.verdict);
}

TEST_P(head_parser_attacks, have_the_same_verdict_byte_by_byte) {
    message_reader reader(GetParam().kind);
    for (const char c : GetParam().of.bytes) reader.feed({&c, 1});
    EXPECT_EQ(reader.end(), GetParam().of.verdict);
}

/// The large ones near their ends and at some places within: there is a limit there.
TEST_P(head_parser_attacks, have_the_same_verdict_split_at_every_position) {
    const std::string_view bytes = GetParam().of.bytes;
    for (std::size_t at = 0; at <= bytes.size(); at += at > 600 && at + 600 < bytes.size() ? 97 : 1) {
        message_reader reader(GetParam().kind);
        reader.feed(bytes.substr(0, at));
        reader.feed(bytes.substr(at));
        ASSERT_EQ(reader.end(), GetParam().of.verdict) << "split at " << at;
    }
}

INSTANTIATE_TEST_SUITE_P(all, head_parser_attacks, testing::ValuesIn(all_rows()), [](const auto& row) {
    std::string name = row.param.kind == message_reader::kind::requests ? "request_" : "response_";
    for (const char c : row.param.of.name) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name + "_" + std::to_string(row.index);
});

}  // namespace
