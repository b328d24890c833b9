// SPDX-License-Identifier: Apache-2.0
#include <weft/http/range.hpp>

#include <gtest/gtest.h>

namespace http = weft::http;
using http::byte_range;
using http::byte_ranges;
using enum http::byte_ranges::outcome;

namespace {

struct ranges_of {
    const char* field;
    std::vector<byte_range> ranges;
};

TEST(range, is_a_piece_of_the_whole) {
    for (const auto& [field, ranges] : {
             ranges_of{"bytes=0-499", {{0, 500}}},
             ranges_of{"bytes=500-999", {{500, 500}}},
             ranges_of{"bytes=-500", {{9500, 500}}},
             ranges_of{"bytes=9500-", {{9500, 500}}},
             ranges_of{"bytes=0-0,-1", {{0, 1}, {9999, 1}}},
             ranges_of{"bytes=-1, 0-0", {{9999, 1}, {0, 1}}},
             ranges_of{"Bytes= 0-1 , ,\t5-6,", {{0, 2}, {5, 2}}},
             ranges_of{"bytes=0-", {{0, 10000}}},
             ranges_of{"bytes=9999-10000", {{9999, 1}}},
             ranges_of{"bytes=-20000", {{0, 10000}}},
             ranges_of{"bytes=0-99999999999999999999999", {{0, 10000}}},
             ranges_of{"bytes=-18446744073709551616", {{0, 10000}}},
             ranges_of{"bytes=00000000000000000000000000-01", {{0, 2}}},
             ranges_of{"bytes=0-1,20000-", {{0, 2}}},
             ranges_of{"bytes=-0,0-1", {{0, 2}}},
         }) {
        EXPECT_EQ(byte_ranges::parse(field, 10000), (byte_ranges{partial, ranges})) << field;
    }
    EXPECT_EQ((byte_range{0, 500}).content_range(1234), "bytes 0-499/1234");
    EXPECT_EQ((byte_range{1233, 1}).content_range(1234), "bytes 1233-1233/1234");
    const std::uint64_t greatest = ~std::uint64_t{0};
    EXPECT_EQ(byte_ranges::parse("bytes=1-,-1", greatest), (byte_ranges{partial, {{1, greatest - 1}}}));
}

TEST(range, that_overlaps_or_touches_another_is_one_with_it) {
    for (const auto& [field, ranges] : {
             ranges_of{"bytes=0-9,5-14", {{0, 15}}},
             ranges_of{"bytes=5-14,0-9", {{0, 15}}},
             ranges_of{"bytes=0-9,10-19", {{0, 20}}},
             ranges_of{"bytes=0-9,11-19", {{0, 10}, {11, 9}}},
             ranges_of{"bytes=50-59,0-9,30-39,5-54", {{0, 60}}},
             ranges_of{"bytes=90-99,0-9,20-29,10-19", {{90, 10}, {0, 30}}},
             ranges_of{"bytes=90-99,20-29,0-9,40-49,5-44", {{90, 10}, {0, 50}}},
             ranges_of{"bytes=40-49,90-99,0-9,5-44", {{0, 50}, {90, 10}}},
             ranges_of{"bytes=0-,0-,0-,0-,0-,0-,0-,0-", {{0, 100}}},
             ranges_of{"bytes=0-,1-,2-,3-,-1,-2,-3,5-5", {{0, 100}}},
         }) {
        EXPECT_EQ(byte_ranges::parse(field, 100), (byte_ranges{partial, ranges})) << field;
    }
}

TEST(range, that_is_not_there_is_refused) {
    for (const char* field :
         {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=100-,200-", "bytes=99999999999999999999999-"}) {
        EXPECT_EQ(byte_ranges::parse(field, 100), (byte_ranges{refused, {}})) << field;
    }
    for (const char* field : {"bytes=0-", "bytes=0-0", "bytes=-1"})
        EXPECT_EQ(byte_ranges::parse(field, 0), (byte_ranges{refused, {}})) << field;
}

TEST(range, that_is_malformed_or_of_another_unit_is_ignored) {
    for (const char* field :
         {"",           "bytes",      "bytes=",        "bytes=,",     "bytes=x",       "bytes=-",
          "bytes=1",    "bytes=2-1",  "bytes=1-2-3",   "bytes=+1-2",  "bytes=1-+2",    "bytes=0x1-2",
          "bytes=1 -2", "bytes=1- 2", "bytes=--1",     "bytes =0-1",  " bytes=0-1",    "lines=0-1",
          "0-1",        "bytes:0-1",  "bytes=0-1;5-6", "bytes=0-1,x", "bytes=2-1,0-5", "bytes=\"0-1\"",
          "bytes=1.5-2"}) {
        EXPECT_EQ(byte_ranges::parse(field, 100), byte_ranges()) << field;
    }
}

TEST(range, that_is_one_of_too_many_is_refused) {
    std::string field = "bytes=0-0";
    for (int i = 1; i < 8; ++i) field += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
    EXPECT_EQ(byte_ranges::parse(field, 100).ranges.size(), 8);
    EXPECT_EQ(byte_ranges::parse(field + ",16-16", 100), (byte_ranges{refused, {}}));
    EXPECT_EQ(byte_ranges::parse(field + ",0-0", 100), (byte_ranges{refused, {}}));
    EXPECT_EQ(byte_ranges::parse(field + ",200-", 100), (byte_ranges{refused, {}}));
    std::string bomb = "bytes=0-";
    for (int i = 1; i < 1300; ++i) bomb += ",5-" + std::to_string(i + 5);
    EXPECT_EQ(byte_ranges::parse(bomb, 100), (byte_ranges{refused, {}}));
}

}  // namespace
