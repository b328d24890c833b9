// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include "text.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>

namespace mini_redis {
namespace {

using namespace std::chrono_literals;

std::optional<std::string> get(store& keys, std::string_view key) {
    const item* it = keys.find(key);
    if (it == nullptr) return std::nullopt;
    return std::get<std::string>(it->second.data);
}

TEST(store, keeps_what_is_set) {
    store keys(1);
    keys.set_string("a", "1");
    keys.set_string("b", "2");
    keys.set_string("a", "3");
    EXPECT_EQ(get(keys, "a"), "3");
    EXPECT_EQ(get(keys, "b"), "2");
    EXPECT_EQ(get(keys, "c"), std::nullopt);
    EXPECT_EQ(keys.size(), 2u);
    EXPECT_TRUE(keys.erase("a"));
    EXPECT_FALSE(keys.erase("a"));
    EXPECT_EQ(keys.size(), 1u);
}

TEST(store, uses_the_memory_of_the_old_string_again_unless_it_is_far_too_large) {
    store keys(1);
    item& it = keys.set_string("a", std::string(1000, 'x'));
    const char* memory = std::get<std::string>(it.second.data).data();
    keys.set_string("a", std::string(999, 'y'));
    EXPECT_EQ(std::get<std::string>(it.second.data).data(), memory);
    keys.set_string("a", std::string(1'000'000, 'x'));
    keys.set_string("a", "small");
    EXPECT_LT(std::get<std::string>(it.second.data).capacity(), 100u);
}

TEST(store, a_key_is_gone_once_its_deadline_has_passed) {
    store keys(1);
    keys.set_now(moment(1000ms));
    keys.expire_at(keys.set_string("a", "1"), moment(1500ms));
    keys.set_now(moment(1500ms));
    EXPECT_EQ(get(keys, "a"), "1");
    keys.set_now(moment(1501ms));
    EXPECT_EQ(keys.size(), 1u) << "nobody has looked";
    EXPECT_EQ(get(keys, "a"), std::nullopt);
    EXPECT_EQ(keys.size(), 0u);
    EXPECT_EQ(keys.next_expiry(), never);
}

TEST(store, setting_a_key_anew_takes_its_deadline_away) {
    store keys(1);
    keys.expire_at(keys.set_string("a", "1"), moment(10ms));
    keys.set_string("a", "2");
    EXPECT_EQ(keys.expiring(), 0u);
    keys.expire_at(keys.set("a", keys.make_empty<list>()), moment(10ms));
    keys.set("a", keys.make_empty<set>());
    EXPECT_EQ(keys.expiring(), 0u);
}

TEST(store, removes_what_has_expired_in_portions) {
    store keys(1);
    for (int i = 0; i < 100; ++i) keys.expire_at(keys.set_string(std::to_string(i), ""), moment(10ms * i));
    keys.set_now(moment(495ms));
    EXPECT_EQ(keys.remove_expired(20), 20u);
    EXPECT_EQ(keys.next_expiry(), moment(200ms));
    EXPECT_EQ(keys.remove_expired(1000), 30u);
    EXPECT_EQ(keys.next_expiry(), moment(500ms));
    EXPECT_EQ(keys.size(), 50u);
}

TEST(store, clearing_forgets_the_deadlines) {
    store keys(1);
    keys.expire_at(keys.set_string("a", "1"), moment(10ms));
    keys.clear();
    EXPECT_EQ(keys.next_expiry(), never);
    EXPECT_EQ(keys.size(), 0u);
    keys.expire_at(keys.set_string("a", "1"), moment(10ms));
    EXPECT_EQ(keys.next_expiry(), moment(10ms));
}

// Against the obvious model: a map of deadlines.
TEST(store, knows_the_next_expiry_whatever_was_done_before) {
    store keys(1);
    std::map<std::string, moment> deadlines;
    std::mt19937 random(1);
    const auto earliest = [&] {
        moment first = never;
        for (const auto& each : deadlines) first = std::min(first, each.second);
        return first;
    };
    for (int i = 0; i < 20'000; ++i) {
        const std::string key = std::to_string(random() % 50);
        const moment deadline(std::chrono::milliseconds(1 + random() % 1000));
        switch (random() % 4) {
            case 0:
                keys.erase(key);
                deadlines.erase(key);
                break;
            case 1:
                keys.set_string(key, "x");
                deadlines[key] = never;
                break;
            default:
                if (item* it = keys.find(key)) {
                    keys.expire_at(*it, deadline);
                    deadlines[key] = deadline;
                }
        }
        ASSERT_EQ(keys.next_expiry(), earliest());
        ASSERT_EQ(keys.size(), deadlines.size());
    }
}

TEST(glob, matches_as_redis_does) {
    for (const auto& [pattern, text] : std::initializer_list<std::pair<const char*, const char*>>{{"*", "x"},
                                                                                                  {"**", "x"},
                                                                                                  {"a*", "a"},
                                                                                                  {"a*c", "abc"},
                                                                                                  {"a*c", "abcbc"},
                                                                                                  {"*a*b*", "xxaxxbxx"},
                                                                                                  {"?", "x"},
                                                                                                  {"a?c", "abc"},
                                                                                                  {"[abc]", "b"},
                                                                                                  {"[a-c]x", "bx"},
                                                                                                  {"[c-a]x", "bx"},
                                                                                                  {"[^a]", "b"},
                                                                                                  {"[^a-c]", "d"},
                                                                                                  {"\\*", "*"},
                                                                                                  {"a\\[b", "a[b"},
                                                                                                  {"[\\]]", "]"},
                                                                                                  {"[a", "a"},
                                                                                                  {"", ""},
                                                                                                  {"\\", "\\"}}) {
        EXPECT_TRUE(matches_glob(pattern, text)) << pattern << " " << text;
    }
    for (const auto& [pattern, text] : std::initializer_list<std::pair<const char*, const char*>>{{"", "x"},
                                                                                                  {"a", ""},
                                                                                                  {"a*", "b"},
                                                                                                  {"a*c", "ab"},
                                                                                                  {"?", ""},
                                                                                                  {"?", "xy"},
                                                                                                  {"[abc]", "d"},
                                                                                                  {"[^a]", "a"},
                                                                                                  {"\\*", "x"},
                                                                                                  {"A", "a"},
                                                                                                  {"[A-Z]", "a"},
                                                                                                  {"*b", "abc"}}) {
        EXPECT_FALSE(matches_glob(pattern, text)) << pattern << " " << text;
    }
    EXPECT_TRUE(matches_glob("MAX[A-M]*", "maxmemory", true));
}

TEST(glob, takes_little_time_for_any_pattern) {
    std::string pattern;
    for (int i = 0; i < 30; ++i) pattern += "*a";
    EXPECT_FALSE(matches_glob(pattern + "b", std::string(3000, 'a')));
}

TEST(integers, have_one_spelling) {
    for (const char* text : {"0", "1", "-1", "10", "9223372036854775807", "-9223372036854775808"}) {
        EXPECT_EQ(std::to_string(parse_integer(text).value()), text);
    }
    for (const char* text : {"", "-", "-0", "+1", "01", " 1", "1 ", "1.0", "1e3", "0x1", "9223372036854775808",
                             "-9223372036854775809", "99999999999999999999999"}) {
        EXPECT_FALSE(parse_integer(text)) << text;
    }
}

TEST(seeded_hash, depends_on_the_seed_and_on_every_byte) {
    for (std::size_t size = 0; size < 70; ++size) {
        std::string text(size, 'x');
        const std::size_t before = seeded_hash(1)(text);
        EXPECT_NE(before, seeded_hash(2)(text));
        EXPECT_NE(before, seeded_hash(1)(text + '\0'));
        for (std::size_t i = 0; i < size; ++i) {
            text[i] = 'y';
            EXPECT_NE(before, seeded_hash(1)(text));
            text[i] = 'x';
        }
    }
}

}  // namespace
}  // namespace mini_redis
