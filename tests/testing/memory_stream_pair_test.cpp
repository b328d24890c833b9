// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/memory_stream_pair.hpp>

#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

using namespace std::chrono_literals;
using weft::testing::memory_stream_pair;

namespace {

template <class F>
void run(F main) {
    weft::testing::run(main());
}

TEST(memory_stream_pair, carries_bytes_both_ways) {
    run([]() -> weft::task<> {
        auto [client, server] = memory_stream_pair();
        co_await client.write("question\n");
        EXPECT_EQ(co_await server.read_line(), "question");
        co_await server.write("answer\n");
        EXPECT_EQ(co_await client.read_line(), "answer");
    });
}

TEST(memory_stream_pair, ends_one_direction_and_goes_on_in_the_other) {
    run([]() -> weft::task<> {
        auto [client, server] = memory_stream_pair();
        co_await client.write("all of it");
        co_await client.write_eof();
        EXPECT_EQ(co_await server.read_all(), "all of it");
        co_await server.write("thanks");
        co_await server.close();
        EXPECT_EQ(co_await client.read_all(), "thanks");
    });
}

TEST(memory_stream_pair, a_writer_waits_for_a_reader_that_is_slow) {
    run([]() -> weft::task<> {
        auto [client, server] = memory_stream_pair({.limit = 1000, .capacity = 1000});
        const std::string much(1 << 20, 'x');
        auto writing = weft::create_task([](weft::stream& s, const std::string& text) -> weft::task<> {
            co_await s.write(text);
            co_await s.close();
        }(client, much));
        co_await weft::sleep(1h);
        EXPECT_FALSE(writing.done());
        EXPECT_LE(server.buffered().size(), 3000u);
        EXPECT_TRUE(co_await server.read_all() == much);
        co_await writing;
    });
}

TEST(memory_stream_pair, carries_much_both_ways_at_once) {
    run([]() -> weft::task<> {
        auto [client, server] = memory_stream_pair();
        auto echoing = weft::create_task([](weft::stream s) -> weft::task<> {
            for (;;) {
                const std::string piece = co_await s.read(10'000);
                if (piece.empty()) break;
                co_await s.write(piece);
            }
        }(std::move(server)));
        const std::string much(5'000'000, 'x');
        auto writing = weft::create_task([](weft::stream& s, const std::string& text) -> weft::task<> {
            co_await s.write(text);
            co_await s.write_eof();
        }(client, much));
        EXPECT_TRUE(co_await client.read_all() == much);
        co_await writing;
        co_await echoing;
    });
}

TEST(memory_stream_pair, one_that_is_aborted_is_a_reset_for_the_other) {
    run([]() -> weft::task<> {
        auto [client, server] = memory_stream_pair();
        co_await client.write("first");
        co_await weft::sleep(1s);
        client.abort();
        EXPECT_EQ(co_await server.read_exactly(5), "first");
        bool was_reset = false;
        try {
            co_await server.read(1);
        } catch (const std::system_error& e) {
            was_reset = e.code() == std::errc::connection_reset;
        }
        EXPECT_TRUE(was_reset);
        EXPECT_THROW(static_cast<void>(server.write("x")), std::system_error);
    });
}

TEST(memory_stream_pair, one_that_is_destroyed_has_sent_what_it_wrote) {
    run([]() -> weft::task<> {
        auto [client, server] = memory_stream_pair({.capacity = 10});
        const std::string text = "more than what is under way at once";
        static_cast<void>(client.write(text));
        {
            const weft::stream gone = std::move(client);
        }
        EXPECT_EQ(co_await server.read_all(), text);
        co_await weft::sleep(1s);
        EXPECT_THROW(static_cast<void>(server.write("x")), std::system_error);
    });
}

TEST(memory_stream_pair, needs_no_kernel_and_takes_no_time) {
    run([]() -> weft::task<> {
        const auto began = weft::get_running_loop().time();
        auto [client, server] = memory_stream_pair();
        for (int i = 0; i < 1000; ++i) {
            co_await client.write("x\n");
            EXPECT_EQ(co_await server.read_line(), "x");
        }
        EXPECT_EQ(weft::get_running_loop().time(), began);
    });
}

TEST(memory_stream_pair, whoever_reads_what_is_never_written_is_named) {
    EXPECT_THROW(run([]() -> weft::task<> {
                     auto [client, server] = memory_stream_pair();
                     co_await server.read_line();
                 }),
                 weft::deadlock_error);
}

TEST(memory_stream_pair, without_capacity_is_refused) {
    run([]() -> weft::task<> {
        EXPECT_THROW(static_cast<void>(memory_stream_pair({.capacity = 0})), std::invalid_argument);
        co_return;
    });
}

}  // namespace
