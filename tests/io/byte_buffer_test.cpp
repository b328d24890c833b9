// SPDX-License-Identifier: Apache-2.0
// The memory of a connection: its buffers, and that a message costs no allocation once the connection is warm.
#include "counted_allocations.hpp"
#include "io/byte_buffer.hpp"
#include "io/connected.hpp"

#include <cstdlib>
#include <span>

using namespace weft_test;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(byte_buffer, gives_back_in_order_what_was_appended) {
    weft::buffer_pool pool;
    weft::byte_buffer b(pool);
    std::string expected, got;
    for (int i = 0; i < 5'000; ++i) {
        const std::string more = std::to_string(i);
        b.append(bytes_of(more));
        expected += more;
        if (i % 3 == 0) {
            const std::size_t count = std::min<std::size_t>(b.size(), static_cast<std::size_t>(i % 17));
            got += b.text().substr(0, count);
            b.consume(count);
        }
    }
    got += b.text();
    b.consume(b.size());
    EXPECT_EQ(got, expected);
    EXPECT_TRUE(b.empty());
}

TEST(byte_buffer, may_be_written_to_where_the_next_bytes_belong) {
    weft::buffer_pool pool;
    weft::byte_buffer b(pool);
    EXPECT_TRUE(b.spare().empty());
    b.append(bytes_of("one "));
    b.reserve(10'000);
    EXPECT_GE(b.spare().size(), 10'000u);
    std::memcpy(b.spare().data(), "two", 3);
    b.extend(3);
    EXPECT_EQ(b.text(), "one two");
    b.consume(7);
    b.reserve(1);
    EXPECT_FALSE(b.spare().empty());
    b.extend(0);
    EXPECT_TRUE(b.spare().empty());  // empty, it holds no memory
}

TEST(byte_buffer, appends_nothing_from_nowhere) {
    weft::buffer_pool pool;
    weft::byte_buffer b(pool);
    b.append({});
    EXPECT_TRUE(b.empty());
    EXPECT_EQ(b.text(), "");
}

TEST(byte_buffer, returns_its_block_when_it_is_empty) {
    weft::buffer_pool pool;
    weft::byte_buffer a(pool), b(pool);
    a.append(bytes_of("x"));
    const auto* const block = a.bytes().data();
    a.consume(1);
    b.append(bytes_of("y"));
    EXPECT_EQ(b.bytes().data(), block);
    a.swap(b);
    EXPECT_EQ(a.text(), "y");
    EXPECT_TRUE(b.empty());
}

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
