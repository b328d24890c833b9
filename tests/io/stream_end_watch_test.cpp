// SPDX-License-Identifier: Apache-2.0
#include <weft/io/stream.hpp>

#include <weft/flow/sleep.hpp>
#include <weft/loop/any_task.hpp>
#include <weft/net/connection.hpp>
#include <weft/net/server.hpp>
#include <weft/testing/memory_stream_pair.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <utility>

// Who works for a peer and does not read meanwhile hears of its end.

namespace weft {
namespace {

using namespace std::chrono_literals;

TEST(end_watch, is_told_when_the_peer_ends_its_direction) {
    testing::run([]() -> task<> {
        auto [ours, theirs] = testing::memory_stream_pair();
        int told = 0;
        const end_watch watch(ours, [&] { ++told; });
        co_await theirs.write("more");
        co_await sleep(1s);
        EXPECT_EQ(told, 0);
        co_await theirs.write_eof();
        co_await sleep(1s);
        EXPECT_EQ(told, 1);
        EXPECT_EQ(co_await ours.read_all(), "more");
    }());
}

TEST(end_watch, is_told_once_when_the_connection_is_lost) {
    testing::run([]() -> task<> {
        auto [ours, theirs] = testing::memory_stream_pair();
        int told = 0;
        const end_watch watch(ours, [&] { ++told; });
        co_await theirs.write_eof();
        co_await sleep(1s);
        theirs.abort();
        co_await sleep(1s);
        EXPECT_EQ(told, 1);
    }());
}

TEST(end_watch, hears_nothing_of_what_came_before_it_or_after_it) {
    testing::run([]() -> task<> {
        auto [ours, theirs] = testing::memory_stream_pair();
        int told = 0;
        std::optional<end_watch> before(std::in_place, ours, [&] { ++told; });
        before.reset();
        co_await theirs.write_eof();
        co_await sleep(1s);
        const end_watch after(ours, [&] { ++told; });
        co_await sleep(1s);
        EXPECT_EQ(told, 0);
    }());
}

TEST(end_watch, follows_a_stream_that_is_moved_and_may_outlive_it) {
    testing::run([]() -> task<> {
        auto [first, theirs] = testing::memory_stream_pair();
        auto [second, others] = testing::memory_stream_pair();
        int told = 0;
        const end_watch watch(first, [&] { ++told; });
        const end_watch of_another(second, [&] { told += 100; });
        {
            const stream moved = std::move(first);
            co_await theirs.write_eof();
            co_await sleep(1s);
            EXPECT_EQ(told, 1);
        }
        second = stream();
        others.abort();
        co_await sleep(1s);
        EXPECT_EQ(told, 1);
    }());
}

TEST(end_watch, may_cancel_the_task_that_works_for_the_peer) {
    testing::run([]() -> task<> {
        auto [ours, theirs] = testing::memory_stream_pair();
        auto work = create_task(
            [](stream s) -> task<> {
                const any_task self = current_task();
                const end_watch watch(s, [self] { self.cancel("the client has gone"); });
                co_await sleep(24h);
            },
            std::move(ours));
        co_await sleep(1s);
        co_await theirs.close();
        co_await sleep(1s);
        EXPECT_TRUE(work.cancelled());
    }());
}

TEST(end_watch, is_told_of_a_socket_that_nobody_reads) {
    run([]() -> task<> {
        future<> begun, ended;
        auto server = co_await start_server(
            [&](stream s) -> task<> {
                const end_watch watch(s, [&] { ended.set_result(); });
                begun.set_result();
                co_await ended;
            },
            "127.0.0.1", 0);
        stream client = co_await open_connection("127.0.0.1", server.port());
        co_await client.write("unread");
        co_await begun;
        client.abort();
        co_await ended;
    }());
}

}  // namespace
}  // namespace weft
