// SPDX-License-Identifier: Apache-2.0
// Reading up to the first of several delimiters.
#include "io/recorder.hpp"

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

using namespace weft_test;

namespace {

/// A stream over a layer that does as it is told.
struct told {
    explicit told(std::size_t limit = 64 * 1024)
        : stream(std::make_unique<weft::stream_core>(weft::get_running_loop(), std::make_unique<told_layer>(layer),
                                                     weft::stream_limits{.read_bytes = limit})) {}
    told_layer::state layer;
    weft::stream stream;
};

constexpr std::array<std::string_view, 3> line_ends{"\r\n", "\n", "\r"};

TEST(read_until_one_of_several, ends_where_the_first_of_them_ends) {
    run([]() -> weft::task<> {
        told t;
        t.layer.receive("one\ntwo\r\nthree");
        EXPECT_EQ(co_await t.stream.read_until(line_ends), "one\n");
        EXPECT_EQ(co_await t.stream.read_until(line_ends), "two\r");
        EXPECT_EQ(co_await t.stream.read_until(line_ends), "\n");
        constexpr std::array<std::string_view, 2> nested{"long and short", "short"};
        t.layer.receive(" long and short, short");
        EXPECT_EQ(co_await t.stream.read_until(nested), "three long and short");
        EXPECT_EQ(co_await t.stream.read_until(nested), ", short");
    });
}

TEST(read_until_one_of_several, does_not_depend_on_how_the_message_is_split) {
    run([]() -> weft::task<> {
        const std::string text = "a--b==-c=====d--";
        constexpr std::array<std::string_view, 2> delimiters{"--", "==="};
        for (std::size_t at = 0; at <= text.size(); ++at) {
            for (std::size_t next = at; next <= text.size(); ++next) {
                told t;
                auto first = weft::create_task(t.stream.read_until(delimiters));
                co_await turn();
                for (const auto& part : {text.substr(0, at), text.substr(at, next - at), text.substr(next)}) {
                    if (!part.empty()) t.layer.receive(part);
                    co_await turn();
                }
                EXPECT_EQ(co_await first, "a--");
                EXPECT_EQ(co_await t.stream.read_until(delimiters), "b==-c===");
                EXPECT_EQ(co_await t.stream.read_until(delimiters), "==d--");
            }
        }
    });
}

TEST(read_until_one_of_several, may_be_given_a_braced_list_of_which_a_task_has_its_own_copy) {
    run([]() -> weft::task<> {
        told t;
        auto reading = [&] {
            const std::string one(40, '-'), other(50, '=');
            return weft::create_task(t.stream.read_until({one, other}));
        }();
        co_await turn();
        t.layer.receive("text" + std::string(50, '='));
        EXPECT_EQ(co_await reading, "text" + std::string(50, '='));
    });
}

TEST(read_until_one_of_several, within_the_limit_and_otherwise_consumes_nothing) {
    run([]() -> weft::task<> {
        told t(3);
        constexpr std::array<std::string_view, 2> delimiters{"is", "sep"};
        t.layer.receive("sep and some");
        EXPECT_EQ(co_await t.stream.read_until(delimiters), "sep");
        std::size_t consumed = 0;
        try {
            co_await t.stream.read_until(delimiters);
        } catch (const weft::limit_overrun_error& e) {
            consumed = e.consumed();
        }
        EXPECT_EQ(consumed, 7u);  // what cannot be the beginning of the longest
        EXPECT_EQ(t.stream.buffered(), " and some");
    });
}

TEST(read_until_one_of_several, at_the_end_of_the_stream_gives_what_there_was) {
    run([]() -> weft::task<> {
        told t;
        t.layer.receive("no end");
        t.layer.sink->on_end();
        std::string partial;
        try {
            co_await t.stream.read_until(line_ends);
        } catch (const weft::incomplete_read_error& e) {
            partial = e.partial();
        }
        EXPECT_EQ(partial, "no end");
    });
}

TEST(read_until_one_of_several, cancelled_while_waiting_loses_nothing) {
    run([]() -> weft::task<> {
        told t;
        auto reading = weft::create_task(t.stream.read_until(line_ends));
        co_await turn();
        t.layer.receive("half");
        EXPECT_TRUE(reading.cancel());
        EXPECT_THROW(co_await reading, weft::cancelled_error);
        t.layer.receive(" and half\n");
        EXPECT_EQ(co_await t.stream.read_until(line_ends), "half and half\n");
    });
}

TEST(read_until_one_of_several, destroyed_while_waiting) {
    destroy_while_waiting([]() -> weft::task<> {
        told t;
        co_await t.stream.read_until(line_ends);
    });
}

TEST(read_until_one_of_several, refuses_none_and_empty_ones) {
    run([]() -> weft::task<> {
        told t;
        EXPECT_THROW(static_cast<void>(t.stream.read_until(std::span<const std::string_view>())),
                     std::invalid_argument);
        EXPECT_THROW(static_cast<void>(t.stream.read_until({"a", ""})), std::invalid_argument);
        co_return;
    });
}

}  // namespace
