// SPDX-License-Identifier: Apache-2.0
// Accepting, when the machine has too little of something.
#include "net/faulty_network.hpp"

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;

namespace {

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

weft::task<bool> answers(std::uint16_t port) {
    auto s = co_await weft::open_connection("127.0.0.1", port);
    co_await s.write("hello\n");
    co_return (co_await s.read_line()) == "hello";
}

TEST(listener, that_cannot_accept_pauses_says_so_once_and_goes_on) {
    for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL, ECONNABORTED, EPROTO, EPERM}) {
        network_weather weather{.accept_errors = {error, error, error}};
        run_in(weather, [error]() -> weft::task<> {
            std::vector<weft::error_context> reported;
            auto& loop = weft::get_running_loop();
            loop.set_exception_handler([&](weft::event_loop&, const weft::error_context& e) { reported.push_back(e); });
            auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
            const auto began = loop.time();
            EXPECT_TRUE(co_await answers(server.port()));
            EXPECT_EQ(loop.time() - began, 300ms);
            EXPECT_EQ(reported.size(), 1u);
            EXPECT_EQ(reported.at(0).message, "cannot accept connections for now: pausing 100 ms at a time");
            EXPECT_THAT(weft::describe_exception(reported.at(0).exception),
                        HasSubstr("accept on 127.0.0.1:" + std::to_string(server.port()) + ": " +
                                  std::generic_category().message(error)));
        });
    }
}

TEST(listener, that_pauses_may_be_closed_by_whoever_hears_of_it) {
    network_weather weather{.accept_errors = {EMFILE}};
    run_in(weather, []() -> weft::task<> {
        const auto before = open_descriptors();
        std::optional<weft::server> server;
        weft::get_running_loop().set_exception_handler(
            [&](weft::event_loop&, const weft::error_context&) { server->close(); });
        server = co_await weft::start_server(echo, "127.0.0.1", 0);
        co_await server->wait_closed();
        co_await settle();
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(listener, with_a_limit_pauses_likewise) {
    network_weather weather{.accept_errors = {ENOMEM}};
    run_in(weather, []() -> weft::task<> {
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0, {.max_connections = 1});
        EXPECT_TRUE(co_await answers(server.port()));
        EXPECT_TRUE(co_await answers(server.port()));
    });
}

TEST(listener, whose_accept_cannot_be_submitted_is_an_error_at_the_start) {
    network_weather weather{.refused = {{weft::opcode::accept, ENOMEM}}};
    run_in(weather, [&weather]() -> weft::task<> {
        const auto before = open_descriptors();
        try {
            co_await weft::start_server(echo, {"127.0.0.1", "127.0.0.2"}, 0);
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::not_enough_memory);
            EXPECT_THAT(e.what(), HasSubstr("listen on 127.0.0.1:"));
        }
        EXPECT_EQ(open_descriptors(), before);
        weather.refused.clear();
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0, {.max_connections = 1});
        auto first = co_await weft::open_connection("127.0.0.1", server.port());
        co_await settle();
        weather.refused = {{weft::opcode::accept, EBUSY}};  // when there is room again
        co_await first.close();
        co_await weft::sleep(10s);
        EXPECT_EQ(server.connections(), 0u);
        weather.refused.clear();
        EXPECT_TRUE(co_await answers(server.port()));
    });
}

TEST(listener, a_connection_that_cannot_be_received_from_is_closed_and_the_others_are_served) {
    network_weather weather;
    run_in(weather, [&weather]() -> weft::task<> {
        std::vector<weft::error_context> reported;
        weft::get_running_loop().set_exception_handler(
            [&](weft::event_loop&, const weft::error_context& e) { reported.push_back(e); });
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const auto client = connect_to_loopback(server.port());
        weather.refused = {{weft::opcode::receive, ENOMEM}};
        co_await settle();
        weather.refused.clear();
        EXPECT_EQ(reported.size(), 1u);
        EXPECT_THAT(weft::describe_exception(reported.at(0).exception), HasSubstr("Cannot allocate memory"));
        EXPECT_EQ(server.connections(), 0u);
        EXPECT_TRUE(co_await answers(server.port()));
    });
}

}  // namespace
