// SPDX-License-Identifier: Apache-2.0
#include "io/operations.hpp"
#include "net/name_server.hpp"

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;

namespace {

weft::task<> ignore(weft::stream s) { co_await s.read_all(); }

/// A listener whose queue is full: the kernel answers no further connection.
struct full_listener {
    std::uint16_t port = 0;
    weft::unique_fd listener = listen_on_loopback(port, 0);
    std::vector<weft::unique_fd> queued;
    full_listener() {
        for (int i = 0; i < 4; ++i) queued.push_back(connect_to_loopback(port, SOCK_NONBLOCK));
    }
};

TEST(open_connection, that_is_refused_names_the_address) {
    run([]() -> weft::task<> {
        std::uint16_t port = 0;
        listen_on_loopback(port).reset();
        try {
            co_await weft::open_connection("127.0.0.1", port);
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::connection_refused);
            EXPECT_THAT(e.what(), HasSubstr("connect to 127.0.0.1:" + std::to_string(port)));
        }
    });
}

TEST(open_connection, that_nobody_answers_times_out) {
    run([]() -> weft::task<> {
        const full_listener full;
        try {
            co_await weft::open_connection("127.0.0.1", full.port, {.timeout = 20ms});
            ADD_FAILURE();
        } catch (const weft::timeout_error& e) {
            EXPECT_THAT(e.what(), HasSubstr("connect to 127.0.0.1:" + std::to_string(full.port) + ": timed out"));
        }
    });
}

TEST(open_connection, cancelled_gives_up_and_closes_its_socket) {
    run([]() -> weft::task<> {
        const full_listener full;
        const int next = ::dup(0);
        ::close(next);
        const auto connect = [](std::uint16_t port) -> weft::task<> {
            co_await weft::open_connection("127.0.0.1", port);
        };
        auto connecting = weft::create_task(connect(full.port));
        for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        EXPECT_FALSE(connecting.done());
        connecting.cancel();
        EXPECT_THROW(co_await connecting, weft::cancelled_error);
        const int again = ::dup(0);
        ::close(again);
        EXPECT_EQ(again, next);
    });
}

TEST(open_connection, destroyed_while_it_connects_closes_its_socket) {
    const full_listener full;
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const int next = ::dup(0);
    ::close(next);
    const auto main = [](std::uint16_t port) -> weft::task<> {
        const auto connect = [](std::uint16_t to) -> weft::task<> { co_await weft::open_connection("127.0.0.1", to); };
        weft::spawn(connect(port));
        for (int i = 0; i < 3; ++i) co_await weft::yield_now();
    };
    loop.run_until_complete(main(full.port));
    loop.close();
    const int again = ::dup(0);
    ::close(again);
    EXPECT_LE(again, next);  // the loop's own descriptors are gone, too
}

TEST(open_connection, may_be_told_where_to_come_from) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(ignore, "127.0.0.1", 0);
        auto s = co_await weft::open_connection("127.0.0.1", server.port(), {.local = weft::address{"127.0.0.2", 0}});
        EXPECT_EQ(s.local().host, "127.0.0.2");
        EXPECT_EQ(s.peer(), server.addresses().at(0));
        const auto taken = s.local();
        try {
            co_await weft::open_connection("127.0.0.1", server.port(), {.local = taken});
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_THAT(e.what(), HasSubstr("127.0.0.2:"));
        }
    });
}

TEST(open_connection, to_a_host_without_an_address_says_so) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        EXPECT_THROW(co_await weft::open_connection("example.test", 80), weft::resolve_error);
        EXPECT_THROW(co_await weft::open_connection("", 80), std::invalid_argument);
        EXPECT_THROW(co_await weft::open_connection("127.0.0.1", 80, {.local = weft::address{"nowhere.test", 0}}),
                     weft::resolve_error);
    });
}

TEST(open_connection, looks_names_up) {
    const name_server names({{"here.test", {"::1", "127.0.0.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        auto server = co_await weft::start_server(ignore, "127.0.0.1", 0);
        auto s = co_await weft::open_connection("here.test", server.port());
        EXPECT_EQ(s.peer().to_string(), "127.0.0.1:" + std::to_string(server.port()));
        try {
            co_await weft::open_connection("here.test", server.port(), {.family = weft::address_family::ipv6});
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::connection_refused);
        }
    });
}

TEST(open_connection, gives_a_name_no_more_time_than_the_whole_has) {
    const name_server names({{"slow.test", {"127.0.0.1"}}});
    names.keep_silent();
    weft::run([](const name_server& n) -> weft::task<> {
        n.serve();
        try {
            co_await weft::open_connection("slow.test", 80, {.timeout = 5ms});
            ADD_FAILURE();
        } catch (const weft::timeout_error& e) {
            EXPECT_STREQ(e.what(), "connect to slow.test:80: timed out");
        }
        EXPECT_THROW(
            co_await weft::open_connection("127.0.0.1", 80, {.local = weft::address{"slow.test", 0}, .timeout = 5ms}),
            weft::timeout_error);
    }(names));
}

TEST(open_connection, cancelled_and_destroyed_while_the_name_is_looked_up) {
    const name_server names({{"slow.test", {"127.0.0.1"}}});
    names.keep_silent();
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto before = open_descriptors();
    const auto main = [](const name_server& n) -> weft::task<> {
        n.serve();
        const auto connect = []() -> weft::task<> { co_await weft::open_connection("slow.test", 80); };
        auto connecting = weft::create_task(connect());
        n.wait_until_asked(0);
        co_await weft::yield_now();
        co_await weft::yield_now();
        connecting.cancel();
        EXPECT_THROW(co_await connecting, weft::cancelled_error);
        weft::spawn(connect());
        co_await weft::yield_now();
        co_await weft::yield_now();
    };
    loop.run_until_complete(main(names));
    EXPECT_EQ(open_descriptors(), before);
    loop.close();
    names.answer();
}

TEST(open_connection, takes_the_limit_of_what_its_stream_buffers) {
    run([]() -> weft::task<> {
        const auto chatty = [](weft::stream s) -> weft::task<> { co_await s.write("0123456789\n"); };
        auto server = co_await weft::start_server(chatty, "127.0.0.1", 0);
        auto s = co_await weft::open_connection("127.0.0.1", server.port(), {.limit = 4});
        EXPECT_THROW(co_await s.read_line(), weft::limit_overrun_error);
    });
}

TEST(open_connection, works_over_ipv6) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(ignore, "::1", 0);
        auto s = co_await weft::open_connection("::1", server.port());
        EXPECT_EQ(s.peer().to_string(), "[::1]:" + std::to_string(server.port()));
    });
}

}  // namespace
