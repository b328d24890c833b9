// SPDX-License-Identifier: Apache-2.0
// A message costs no allocation once the connection is warm.
#include "counted_allocations.hpp"
#include "io/connected.hpp"

#include <cstdlib>

using namespace weft_test;

namespace {

/// What 1 000 round trips allocate after 100 to warm up. On the real clock: the virtual one looks around a lot.
template <class Answer>
std::size_t allocations_of_1000_messages(Answer answer) {
    std::size_t count = 0;
    const auto main = [&]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const auto serve = [&](weft::stream& s) -> weft::task<> { co_await answer(s); };
        auto serving = weft::create_task(serve(server));
        for (int i = 0; i < 1'100; ++i) {
            if (i == 100) count = allocations.load();
            co_await client.write("a message of some length, and its end\n");
            const auto line = co_await client.read_line_view();
            EXPECT_EQ(line, "a message of some length, and its end");
        }
        count = allocations.load() - count;
        co_await client.close();
        co_await serving;
    };
    weft::run(main());
    return count;
}

TEST(a_warm_connection, allocates_nothing_for_a_line) {
    const auto echo = [](weft::stream& s) -> weft::task<> {
        while (const auto line = co_await s.read_line_view()) {
            co_await s.write(*line);
            co_await s.write("\n");
        }
    };
    EXPECT_EQ(allocations_of_1000_messages(echo), 0u);
}

TEST(a_warm_connection, allocates_nothing_for_what_is_peeked_at_and_consumed) {
    const auto echo = [](weft::stream& s) -> weft::task<> {
        for (;;) {
            const auto some = co_await s.peek();
            if (some.empty()) co_return;
            co_await s.write(some);
            s.consume(some.size());
        }
    };
    EXPECT_EQ(allocations_of_1000_messages(echo), 0u);
}

TEST(a_warm_connection, allocates_nothing_for_a_chunk_that_is_sent_back) {
    const auto echo = [](weft::stream& s) -> weft::task<> {
        while (weft::chunk bytes = co_await s.read_chunk()) co_await s.write(std::move(bytes));
    };
    EXPECT_EQ(allocations_of_1000_messages(echo), 0u);
}

TEST(a_warm_connection, recycles_the_frames_of_the_tasks_that_serve_it) {
#ifdef WEFT_TEST_SANITIZED
    GTEST_SKIP() << "the address sanitizer keeps no frames, so that it sees their use after free";
#endif
    const auto answer_one = [](weft::stream& s, std::string_view line) -> weft::task<> {
        co_await s.write(line);
        co_await s.write("\n");
    };
    const auto echo = [&](weft::stream& s) -> weft::task<> {
        while (const auto line = co_await s.read_line_view()) {
            co_await answer_one(s, *line);                                 // a frame
            co_await weft::create_task(answer_one(s, std::string_view()));  // a frame and a task
            co_await s.write("");
        }
    };
    const auto main = [&]() -> weft::task<std::size_t> {
        auto [client, server] = co_await connect_streams();
        auto serving = weft::create_task(echo(server));
        std::size_t count = 0;
        for (int i = 0; i < 1'100; ++i) {
            if (i == 100) count = allocations.load();
            co_await client.write("message\n");
            co_await client.read_line_view();
            co_await client.read_line_view();
        }
        count = allocations.load() - count;
        co_await client.close();
        co_await serving;
        co_return count;
    };
    EXPECT_EQ(weft::run(main()), 0u);
}

TEST(the_counter, counts) {
    const auto before = allocations.load();
    std::free(std::malloc(100));
    EXPECT_TRUE(std::make_unique<std::string>(100, 'x'));
    EXPECT_GE(allocations.load(), before + 2);
}

}  // namespace
