// SPDX-License-Identifier: Apache-2.0
// How many connections a server serves at a time.
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"
#include "net/child.hpp"

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

/// Serves until told to end, and counts.
struct counted {
    std::size_t serving = 0, most = 0, served = 0;
    weft::task<> serve(weft::stream s) {
        most = std::max(most, ++serving);
        ++served;
        while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
        --serving;
    }
    auto handler() {
        return [this](weft::stream s) { return serve(std::move(s)); };
    }
};

weft::task<bool> answers(weft::stream& s) {
    co_await s.write("hello\n");
    co_return (co_await s.read_line()) == "hello";
}

TEST(server_limit, further_connections_wait_in_the_kernel_and_are_served_when_one_ends) {
    run([]() -> weft::task<> {
        counted c;
        auto server = co_await weft::start_server(c.handler(), "127.0.0.1", 0, {.max_connections = 2});
        std::vector<weft::stream> clients;
        for (int i = 0; i < 5; ++i) clients.push_back(co_await weft::open_connection("127.0.0.1", server.port()));
        co_await settle();
        EXPECT_EQ(server.connections(), 2u);
        EXPECT_TRUE(server.is_serving());
        for (auto& s : clients) {  // first come, first served
            EXPECT_TRUE(co_await answers(s));
            co_await s.close();
        }
        co_await settle();
        EXPECT_EQ(c.served, 5u);
        EXPECT_EQ(c.most, 2u);
        EXPECT_EQ(server.connections(), 0u);
    });
}

TEST(server_limit, holds_for_all_its_addresses_together_and_loses_nobody) {
    run([]() -> weft::task<> {
        counted c;
        auto server =
            co_await weft::start_server(c.handler(), {"127.0.0.1", "127.0.0.2", "::1"}, 0, {.max_connections = 1});
        const auto before = open_descriptors();
        const auto visit = [](const char* host, std::uint16_t port) -> weft::task<> {
            auto s = co_await weft::open_connection(host, port);
            EXPECT_TRUE(co_await answers(s));
            co_await weft::sleep(10ms);
        };
        std::vector<weft::task<>> visits;
        for (int i = 0; i < 30; ++i) {
            for (const char* host : {"127.0.0.1", "127.0.0.2", "::1"}) visits.push_back(visit(host, server.port()));
        }
        co_await weft::gather(std::move(visits));
        EXPECT_EQ(c.served, 90u);
        EXPECT_EQ(c.most, 1u);
        co_await settle();
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(server_limit, a_server_that_is_closed_while_connections_wait_keeps_no_descriptor) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        counted c;
        auto server = co_await weft::start_server(c.handler(), {"127.0.0.1", "127.0.0.2"}, 0, {.max_connections = 1});
        std::vector<weft::unique_fd> clients;
        for (int i = 0; i < 4; ++i) clients.push_back(connect_to_loopback(server.port()));
        auto other = co_await weft::open_connection("127.0.0.2", server.port());
        co_await settle();
        EXPECT_EQ(server.connections(), 1u);
        server.close();
        clients.clear();
        co_await other.close();
        co_await server.wait_closed();
        co_await settle();
        EXPECT_EQ(c.served, 1u);
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(server_limit, a_handler_that_fails_makes_room) {
    run([]() -> weft::task<> {
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        int served = 0;
        const auto fail = [&served](weft::stream) -> weft::task<> {
            ++served;
            throw std::runtime_error("no");
            co_return;
        };
        auto server = co_await weft::start_server(fail, "127.0.0.1", 0, {.max_connections = 1});
        for (int i = 0; i < 10; ++i) {
            auto s = co_await weft::open_connection("127.0.0.1", server.port());
            EXPECT_EQ(co_await s.read_all(), "");
        }
        EXPECT_EQ(served, 10);
    });
}

TEST(server_limit, of_none_is_refused) {
    run([]() -> weft::task<> {
        counted c;
        EXPECT_THROW(co_await weft::start_server(c.handler(), "127.0.0.1", 0, {.max_connections = 0}),
                     std::invalid_argument);
    });
}

TEST(server_limit, holds_on_a_unix_socket_too) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        counted c;
        auto server = co_await weft::start_unix_server(c.handler(), folder / "x", {.max_connections = 1});
        auto one = co_await weft::open_unix_connection(folder / "x");
        auto two = co_await weft::open_unix_connection(folder / "x");
        EXPECT_TRUE(co_await answers(one));
        EXPECT_EQ(server.connections(), 1u);
        co_await one.close();
        EXPECT_TRUE(co_await answers(two));
        EXPECT_EQ(c.most, 1u);
    });
}

TEST(server_limit, bears_clients_that_come_and_go_at_random) {
    run([]() -> weft::task<> {
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        counted c;
        auto server =
            co_await weft::start_server(c.handler(), {"127.0.0.1", "::1"}, 0, {.backlog = 4, .max_connections = 3});
        const auto before = open_descriptors();
        const auto visit = [](std::uint16_t port, std::uint32_t dice) -> weft::task<> {
            auto s = co_await weft::open_connection(dice & 1 ? "127.0.0.1" : "::1", port);
            if (dice & 2) co_await answers(s);
            if (dice & 4) co_await weft::sleep(std::chrono::milliseconds(dice >> 8 & 31));
            if (dice & 8) s.abort();
        };
        std::uint32_t dice = 1;
        for (int round = 0; round < 30; ++round) {
            std::vector<weft::task_handle<>> visits;
            for (int i = 0; i < 20; ++i)
                visits.push_back(weft::create_task(visit(server.port(), dice = dice * 1664525 + 1013904223)));
            for (std::uint32_t i = 0; i < (dice >> 20 & 15); ++i) co_await weft::yield_now();
            for (std::size_t i = 0; i < visits.size(); ++i) {
                if (dice >> i & 1) visits[i].cancel();
            }
            co_await weft::sleep(std::chrono::milliseconds(dice >> 12 & 63));
            for (auto& v : visits) v.cancel();
            co_await weft::wait(visits);
        }
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
        EXPECT_EQ(open_descriptors(), before);
        auto s = co_await weft::open_connection("::1", server.port());
        EXPECT_TRUE(co_await answers(s));
    });
}

}  // namespace
