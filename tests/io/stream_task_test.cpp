// SPDX-License-Identifier: Apache-2.0
// Reads and waits of a stream that are made tasks: for wait_for, create_task, gather; and a stream that goes before they begin.
#include "io/connected.hpp"

#include <weft/io/as_text.hpp>
#include <weft/io/pipe.hpp>
#include <weft/testing/memory_stream_pair.hpp>

#include <gmock/gmock.h>

#include <array>
#include <variant>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;

namespace {

/// What a task that found its stream gone says.
template <class T>
weft::task<> expect_destroyed(weft::task_handle<T> h) {
    try {
        co_await h;
        ADD_FAILURE() << "no error";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::connection_aborted);
        EXPECT_THAT(e.what(), HasSubstr("the stream was destroyed while a task waited for it"));
    }
}

TEST(stream_task, any_read_may_have_a_time_limit) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("line\nexactly some up to;a view;peek last line\nchunk");
        EXPECT_EQ(co_await weft::wait_for(server.read_line(), 5s), "line");
        EXPECT_EQ(co_await weft::wait_for(server.read_exactly(8), 5s), "exactly ");
        std::array<std::byte, 5> five;
        EXPECT_EQ(co_await weft::wait_for(server.read_exactly(five), 5s), 5u);
        EXPECT_EQ(weft::as_text(five), "some ");
        EXPECT_EQ(co_await weft::wait_for(server.read_until(";"), 5s), "up to;");
        EXPECT_EQ(co_await weft::wait_for(server.read_until_view(";"), 5s), "a view;");
        EXPECT_EQ((co_await weft::wait_for(server.peek(4), 5s)).substr(0, 4), "peek");
        EXPECT_EQ(co_await weft::wait_for(server.read(5), 5s), "peek ");
        EXPECT_EQ(co_await weft::wait_for(server.read_some(five), 5s), 5u);
        EXPECT_EQ(weft::as_text(five), "last ");
        EXPECT_EQ(co_await weft::wait_for(server.read_line_view(), 5s), "line");
        EXPECT_EQ((co_await weft::wait_for(server.read_chunk(), 5s)).text(), "chunk");
        co_await weft::wait_for(client.write("the rest"), 5s);
        co_await weft::wait_for(client.drain(), 5s);
        co_await weft::wait_for(client.write_eof(), 5s);
        EXPECT_EQ(co_await weft::wait_for(server.read_all(), 5s), "the rest");
        co_await weft::wait_for(client.close(), 5s);
    });
}

TEST(stream_task, a_read_that_takes_too_long_loses_no_byte) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("half ");
        EXPECT_THROW(co_await weft::wait_for(server.read_line(), 5s), weft::timeout_error);
        EXPECT_THROW(co_await weft::wait_for(server.read_exactly(100), 0s), weft::timeout_error);
        EXPECT_FALSE((co_await weft::try_(weft::wait_for(server.read_until("\n"), 1s))).has_value());
        EXPECT_FALSE(co_await weft::move_on_after(1s, [&] { return server.read_line(); }));
        co_await client.write("and half\n");
        EXPECT_EQ(co_await server.read_line(), "half and half");
    });
}

TEST(stream_task, a_write_that_takes_too_long_is_sent_all_the_same) {
    run([]() -> weft::task<> {
        auto [client, server] = weft::testing::memory_stream_pair();
        const std::string big(1 << 20, 'x');
        EXPECT_THROW(co_await weft::wait_for(client.write(big), 5s), weft::timeout_error);
        EXPECT_THROW(co_await weft::wait_for(client.close(), 5s), weft::timeout_error);
        EXPECT_TRUE(co_await server.read_all() == big);
    });
}

TEST(stream_task, reads_of_several_streams_may_be_gathered_raced_and_shielded) {
    run([]() -> weft::task<> {
        auto [a, b] = co_await connect_streams();
        co_await weft::gather(a.write("to b\n"), b.write("to a\n"));
        const auto [to_a, to_b] = co_await weft::gather(a.read_line(), b.read_line());
        EXPECT_EQ(to_a, "to a");
        EXPECT_EQ(to_b, "to b");
        co_await a.write("first\nlater\n");
        const auto won = co_await weft::race(a.read_line(), b.read_line());
        EXPECT_EQ(std::get<1>(won), "first");
        EXPECT_EQ(co_await weft::shield(b.read_line()), "later");
        auto reading = weft::create_task(a.read_exactly(3));
        co_await b.write("one");
        EXPECT_EQ(co_await reading, "one");
    });
}

TEST(stream_task, has_a_delimiter_of_its_own) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        std::string delimiter = "a delimiter that is longer than a small string";
        auto reading = weft::create_task(server.read_until(delimiter));
        auto view = weft::create_task([](weft::stream& s, auto& before) -> weft::task<std::string> {
            co_await weft::wait({before});
            co_return std::string(co_await weft::wait_for(s.read_until_view(std::string(50, ';')), 5s));
        }(server, reading));
        co_await client.write("text" + delimiter + "more" + std::string(50, ';'));
        delimiter.assign(delimiter.size(), '?');
        EXPECT_THAT(co_await reading, HasSubstr("small string"));
        EXPECT_EQ(co_await view, "more" + std::string(50, ';'));
    });
}

TEST(stream_task, whose_stream_is_destroyed_before_it_begins_says_so) {
    run([]() -> weft::task<> {
        const auto before_it_begins = [](auto make) -> weft::task<> {
            auto both = co_await connect_streams();
            auto waiting = weft::create_task(make(both.client));
            both.client = {};
            co_await expect_destroyed(waiting);
        };
        std::array<std::byte, 8> buffer;
        co_await before_it_begins([](weft::stream& s) { return to_task(s.read_line()); });
        co_await before_it_begins([](weft::stream& s) { return to_task(s.read_until("delimiter")); });
        co_await before_it_begins([&](weft::stream& s) { return to_task(s.read_some(buffer)); });
        co_await before_it_begins([](weft::stream& s) { return to_task(s.read_all()); });
        co_await before_it_begins([](weft::stream& s) { return to_task(s.write("text")); });
        co_await before_it_begins([](weft::stream& s) { return to_task(s.drain()); });
        co_await before_it_begins([](weft::stream& s) { return to_task(s.close()); });
        co_await before_it_begins([](weft::stream& s) { return s.send_file(0); });
    });
}

TEST(stream_task, whose_stream_is_destroyed_while_it_waits_says_so) {
    run([]() -> weft::task<> {
        auto both = co_await connect_streams();
        auto [other, peer] = weft::testing::memory_stream_pair();
        auto reading = weft::create_task(both.client.read_line());
        const auto write_big = [](weft::stream& s) -> weft::task<> {
            co_await weft::wait_for(s.write(std::string(64 << 20, 'x')), 1h);
        };
        const auto read_for_an_hour = [](weft::stream& s) -> weft::task<> {
            co_await weft::wait_for(s.read_line(), 1h);
        };
        auto writing = weft::create_task(write_big(both.client)), limited = weft::create_task(read_for_an_hour(other));
        co_await settle();
        both.client = {};
        other = {};
        co_await expect_destroyed(reading);
        co_await expect_destroyed(writing);
        co_await expect_destroyed(limited);
    });
}

TEST(stream_task, follows_a_stream_that_is_moved) {
    run([]() -> weft::task<> {
        auto both = co_await connect_streams();
        auto reading = weft::create_task(both.client.read_line());
        auto limited = weft::wait_for(both.server.read_line(), 5s);
        weft::stream client = std::move(both.client), server = std::move(both.server);
        co_await weft::gather(client.write("to the server\n"), server.write("to the client\n"));
        EXPECT_EQ(co_await reading, "to the client");
        EXPECT_EQ(co_await std::move(limited), "to the server");
    });
}

TEST(stream_task, cancelled_before_it_begins_or_while_it_waits_takes_nothing) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        for (const bool begun : {false, true}) {
            auto reading = weft::create_task(server.read_line());
            if (begun) co_await settle();
            reading.cancel();
            EXPECT_THROW(co_await reading, weft::cancelled_error);
        }
        co_await client.write("whole\n");
        EXPECT_EQ(co_await server.read_line(), "whole");
    });
}

TEST(stream_task, may_be_dropped_unbegun_or_destroyed_while_it_waits) {
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    weft::stream kept;
    auto reading = weft::create_task_on(
        loop,
        [](weft::stream& keep) -> weft::task<> {
            auto [client, server] = co_await connect_streams();
            {
                const auto unbegun = to_task(server.read_line());
            }
            keep = std::move(server);
            co_await weft::wait_for(keep.read_line(), 5s);
        }(kept),
        std::source_location());
    for (int i = 0; i < 20; ++i) loop.run_once();
    EXPECT_FALSE(reading.done());
    kept = {};
}

TEST(stream_end, that_was_begun_and_kept_may_be_awaited_when_the_stream_has_gone) {
    run([]() -> weft::task<> {
        for (const bool closes : {false, true}) {
            auto [client, server] = weft::testing::memory_stream_pair();
            static_cast<void>(client.write(std::string(1 << 20, 'x')));
            auto ending = closes ? client.close() : client.write_eof();
            co_await settle();
            {
                const weft::stream moved = std::move(client);
            }
            try {
                co_await std::move(ending);
                ADD_FAILURE() << closes;
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_aborted);
                EXPECT_THAT(e.what(), HasSubstr("destroyed"));
            }
        }
    });
}

TEST(stream_end, that_was_kept_is_awaited_again_after_a_cancellation) {
    run([]() -> weft::task<> {
        auto [client, server] = weft::testing::memory_stream_pair();
        static_cast<void>(client.write(std::string(1 << 20, 'x')));
        auto waiting = weft::create_task([](weft::stream& s) -> weft::task<> {
            auto closing = s.close();
            try {
                co_await closing;
                ADD_FAILURE();
            } catch (const weft::cancelled_error&) {
            }
            co_await closing;
        }(client));
        co_await settle();
        waiting.cancel();
        co_await settle();
        EXPECT_FALSE(waiting.done());
        EXPECT_EQ((co_await server.read_all()).size(), 1u << 20);
        co_await waiting;
    });
}

TEST(stream_task, of_a_read_that_was_awaited_before_is_refused) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("text\n");
        auto read = server.read_line();
        co_await read;
        EXPECT_THROW(static_cast<void>(to_task(std::move(read))), weft::invalid_state_error);
    });
}

TEST(stream_descriptor, is_the_sockets_while_the_stream_is_open) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const int on = 1;
        int is_on = 0;
        socklen_t bytes = sizeof is_on;
        EXPECT_EQ(::setsockopt(client.descriptor(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on), 0);
        EXPECT_EQ(::getsockopt(client.descriptor(), SOL_SOCKET, SO_KEEPALIVE, &is_on, &bytes), 0);
        EXPECT_EQ(is_on, 1);
        weft::stream moved = std::move(client);
        EXPECT_EQ(client.descriptor(), -1);
        EXPECT_GE(moved.descriptor(), 0);
        co_await moved.close();
        EXPECT_EQ(moved.descriptor(), -1);
        server.abort();
        EXPECT_EQ(server.descriptor(), -1);
    });
}

TEST(stream_descriptor, of_a_pipe_is_its_end_and_in_memory_there_is_none) {
    run([]() -> weft::task<> {
        auto made = weft::make_pipe();
        const weft::native_handle number = made.read_end.get();
        const weft::stream reading = weft::connect_read_pipe(std::move(made.read_end));
        EXPECT_EQ(reading.descriptor(), number);
        const auto [one, other] = weft::testing::memory_stream_pair();
        EXPECT_EQ(one.descriptor(), -1);
        co_return;
    });
}

}  // namespace
