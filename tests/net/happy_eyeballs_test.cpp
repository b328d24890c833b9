// SPDX-License-Identifier: Apache-2.0
// RFC 8305: which address is tried when, and what becomes of the others.
#include "net/happy_eyeballs.hpp"

#include "net/faulty_network.hpp"
#include "net/name_server.hpp"

using namespace std::chrono_literals;
using namespace weft_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

namespace {

weft::task<> ignore(weft::stream s) { co_await s.read_all(); }

using attempts = std::vector<network_weather::attempt>;

std::vector<std::string> interleaved(const std::vector<const char*>& hosts) {
    std::vector<weft::socket_address> all;
    for (const char* host : hosts) all.push_back(weft::numeric_address(host, 80).value());
    std::vector<std::string> out;
    for (const auto& a : weft::interleave(all)) out.push_back(a.text().host);
    return out;
}

TEST(interleave, has_the_families_take_turns_beginning_with_the_first) {
    EXPECT_THAT(interleaved({"::1", "::2", "::3", "1.1.1.1", "2.2.2.2"}),
                ElementsAre("::1", "1.1.1.1", "::2", "2.2.2.2", "::3"));
    EXPECT_THAT(interleaved({"1.1.1.1", "::1", "::2", "::3"}), ElementsAre("1.1.1.1", "::1", "::2", "::3"));
    EXPECT_THAT(interleaved({"1.1.1.1", "2.2.2.2"}), ElementsAre("1.1.1.1", "2.2.2.2"));
    EXPECT_THAT(interleaved({}), ElementsAre());
}

/// Connects to "host.test" with these addresses, where a server listens on 127.0.0.1; gives whom it reached.
weft::task<std::string> reach(std::vector<std::string> hosts, weft::connect_options options = {}) {
    const name_server names({{"host.test", std::move(hosts)}});
    names.serve();
    auto server = co_await weft::start_server(ignore, "127.0.0.1", 0);
    auto s = co_await weft::open_connection("host.test", server.port(), options);
    co_return s.peer().host;
}

TEST(happy_eyeballs, the_first_address_that_answers_at_once_is_the_only_one_tried) {
    network_weather weather;
    run_in(weather, []() -> weft::task<> { EXPECT_EQ(co_await reach({"127.0.0.1", "2001:db8::1"}), "127.0.0.1"); });
    EXPECT_EQ(weather.attempts, (attempts{{"127.0.0.1", 0ms}}));
}

TEST(happy_eyeballs, the_next_address_is_tried_after_250_ms_of_silence) {
    network_weather weather{.silent = {"2001:db8::1", "2001:db8::2"}};
    run_in(weather, []() -> weft::task<> {
        EXPECT_EQ(co_await reach({"2001:db8::1", "2001:db8::2", "127.0.0.1"}), "127.0.0.1");
    });
    EXPECT_EQ(weather.attempts, (attempts{{"2001:db8::1", 0ms}, {"127.0.0.1", 250ms}}));
    EXPECT_THAT(weather.given_up, ElementsAre("2001:db8::1"));
}

TEST(happy_eyeballs, an_address_that_fails_is_followed_at_once) {
    network_weather weather{.silent = {"2001:db8::3"},
                            .errors = {{"2001:db8::1", ENETUNREACH}, {"198.51.100.1", ECONNREFUSED}}};
    run_in(weather, []() -> weft::task<> {
        EXPECT_EQ(co_await reach({"2001:db8::1", "2001:db8::3", "198.51.100.1", "127.0.0.1"}), "127.0.0.1");
    });
    EXPECT_EQ(weather.attempts,
              (attempts{{"2001:db8::1", 0ms}, {"198.51.100.1", 0ms}, {"2001:db8::3", 0ms}, {"127.0.0.1", 250ms}}));
}

TEST(happy_eyeballs, a_delay_of_ones_own) {
    network_weather weather{.silent = {"2001:db8::1"}};
    run_in(weather,
           []() -> weft::task<> { co_await reach({"2001:db8::1", "127.0.0.1"}, {.happy_eyeballs_delay = 50ms}); });
    EXPECT_EQ(weather.attempts, (attempts{{"2001:db8::1", 0ms}, {"127.0.0.1", 50ms}}));
}

TEST(happy_eyeballs, without_a_delay_addresses_are_tried_one_after_the_other_in_the_resolvers_order) {
    network_weather weather{.errors = {{"2001:db8::1", ECONNREFUSED}, {"2001:db8::2", EHOSTUNREACH}}};
    run_in(weather, []() -> weft::task<> {
        co_await reach({"2001:db8::1", "2001:db8::2", "127.0.0.1"}, {.happy_eyeballs_delay = std::nullopt});
    });
    EXPECT_THAT(weather.hosts_tried(), ElementsAre("2001:db8::1", "2001:db8::2", "127.0.0.1"));

    network_weather silent{.silent = {"2001:db8::1"}};
    run_in(silent, []() -> weft::task<> {
        EXPECT_THROW(
            co_await reach({"2001:db8::1", "127.0.0.1"}, {.timeout = 1h, .happy_eyeballs_delay = std::nullopt}),
            weft::timeout_error);
    });
    EXPECT_THAT(silent.hosts_tried(), ElementsAre("2001:db8::1"));
}

TEST(happy_eyeballs, when_every_address_failed_the_error_names_each_in_order) {
    network_weather weather{.errors = {{"2001:db8::1", ENETUNREACH}, {"198.51.100.1", ECONNREFUSED}}};
    run_in(weather, []() -> weft::task<> {
        const name_server names({{"host.test", {"2001:db8::1", "198.51.100.1"}}});
        names.serve();
        try {
            co_await weft::open_connection("host.test", 80);
            ADD_FAILURE();
        } catch (const weft::connect_error& e) {
            EXPECT_STREQ(e.what(),
                         "connect to host.test:80: all 2 addresses failed: connect to [2001:db8::1]:80: Network is "
                         "unreachable; connect to 198.51.100.1:80: Connection refused");
            EXPECT_EQ(e.code(), std::errc::network_unreachable);
            EXPECT_EQ(e.failures().size(), 2u);
            EXPECT_EQ(e.failures().at(1).to, (weft::address{"198.51.100.1", 80}));
            EXPECT_EQ(e.failures().at(1).error, std::errc::connection_refused);
        }
    });
}

TEST(happy_eyeballs, every_errno_that_connect_can_give_is_a_failure_of_that_address_alone) {
    for (const int error :
         {EACCES, EPERM, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EALREADY, EBADF, ECONNREFUSED, ECONNRESET,
          EINTR, EISCONN, ENETUNREACH, EHOSTUNREACH, ENOBUFS, ENOMEM, EPROTOTYPE, ETIMEDOUT}) {
        network_weather weather{.errors = {{"198.51.100.1", error}}};
        run_in(weather, [error]() -> weft::task<> {
            EXPECT_EQ(co_await reach({"198.51.100.1", "127.0.0.1"}), "127.0.0.1");
            try {
                co_await weft::open_connection("198.51.100.1", 80);
                ADD_FAILURE();
            } catch (const weft::connect_error& e) {
                EXPECT_EQ(e.code(), std::error_code(error, std::generic_category()));
                EXPECT_EQ(e.what(),
                          "connect to 198.51.100.1:80: " + std::error_code(error, std::generic_category()).message());
            }
        });
    }
}

TEST(happy_eyeballs, an_operation_that_cannot_be_submitted_is_a_failure_too) {
    network_weather weather{.refused = {{weft::opcode::connect, EBUSY}}};
    run_in(weather, []() -> weft::task<> {
        const auto before = open_descriptors();
        try {
            co_await weft::open_connection("198.51.100.1", 80);
            ADD_FAILURE();
        } catch (const weft::connect_error& e) {
            EXPECT_EQ(e.code(), std::errc::device_or_resource_busy);
        }
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(happy_eyeballs, the_timeout_is_for_all_addresses_and_says_which_have_failed) {
    network_weather weather{.silent = {"2001:db8::1", "2001:db8::2"}, .errors = {{"198.51.100.1", ECONNREFUSED}}};
    run_in(weather, []() -> weft::task<> {
        const name_server names({{"host.test", {"2001:db8::1", "198.51.100.1", "2001:db8::2"}}});
        names.serve();
        const auto before = open_descriptors();
        auto& loop = weft::get_running_loop();
        co_await weft::resolve("host.test");  // whose thread is there from here on
        const auto began = loop.time();
        try {
            co_await weft::open_connection("host.test", 80, {.timeout = 10s});
            ADD_FAILURE();
        } catch (const weft::timeout_error& e) {
            EXPECT_STREQ(e.what(), "connect to host.test:80: timed out; before that connect to 198.51.100.1:80: "
                                   "Connection refused");
        }
        EXPECT_GE(loop.time() - began, 10s);
        EXPECT_EQ(open_descriptors(), before);
    });
    EXPECT_THAT(weather.given_up, UnorderedElementsAre("2001:db8::1", "2001:db8::2"));
}

TEST(happy_eyeballs, cancelled_while_several_attempts_are_under_way_closes_all_their_sockets) {
    network_weather weather{.silent = {"2001:db8::1", "198.51.100.1", "2001:db8::2"}};
    run_in(weather, []() -> weft::task<> {
        const name_server names({{"host.test", {"2001:db8::1", "198.51.100.1", "2001:db8::2"}}});
        names.serve();
        co_await weft::resolve("host.test");
        const auto before = open_descriptors();
        for (const auto after : {1ms, 251ms, 501ms, 751ms}) {
            const auto connect = []() -> weft::task<> { co_await weft::open_connection("host.test", 80); };
            auto connecting = weft::create_task(connect());
            co_await weft::resolve("host.test", 80);  // the same lookup, answered at the same time
            co_await weft::sleep(after);
            EXPECT_GT(open_descriptors(), before);
            connecting.cancel();
            EXPECT_THROW(co_await connecting, weft::cancelled_error);
            EXPECT_EQ(open_descriptors(), before);
        }
    });
    EXPECT_EQ(weather.given_up.size(), weather.attempts.size());
    EXPECT_EQ(weather.attempts.size(), 1u + 2 + 3 + 3);
}

TEST(happy_eyeballs, destroyed_while_several_attempts_are_under_way_closes_all_their_sockets) {
    const auto before = open_descriptors();
    network_weather weather{.silent = {"2001:db8::1", "198.51.100.1"}};
    {
        weft::event_loop loop(std::make_unique<weft::virtual_backend>(std::make_unique<faulty_network>(weather)));
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = []() -> weft::task<> {
            const name_server names({{"host.test", {"2001:db8::1", "198.51.100.1"}}});
            names.serve();
            const auto connect = []() -> weft::task<> { co_await weft::open_connection("host.test", 80); };
            weft::spawn(connect());
            co_await weft::resolve("host.test", 80);  // the same lookup, answered at the same time
            co_await weft::sleep(300ms);
        };
        loop.run_until_complete(main());
        EXPECT_EQ(weather.attempts.size(), 2u);
    }
    EXPECT_THAT(weather.given_up, UnorderedElementsAre("2001:db8::1", "198.51.100.1"));
    EXPECT_EQ(open_descriptors(), before);
}

TEST(happy_eyeballs, connected_and_cancelled_before_it_goes_on_closes_the_socket) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(ignore, "127.0.0.1", 0);
        const auto before = open_descriptors();
        for (int turns = 0; turns < 12; ++turns) {  // at every stage, connected but not yet resumed among them
            const auto connect = [](std::uint16_t port) -> weft::task<> {
                co_await weft::open_connection("127.0.0.1", port);
            };
            auto connecting = weft::create_task(connect(server.port()));
            for (int i = 0; i < turns; ++i) co_await weft::yield_now();
            connecting.cancel();
            co_await weft::wait(std::vector{connecting});
            co_await settle();
            EXPECT_EQ(open_descriptors(), before) << turns;
        }
    });
}

TEST(happy_eyeballs, the_sockets_of_losers_are_closed_when_one_has_won) {
    network_weather weather{.silent = {"2001:db8::1", "198.51.100.1", "2001:db8::2"}};
    run_in(weather, []() -> weft::task<> {
        const name_server names({{"host.test", {"2001:db8::1", "198.51.100.1", "2001:db8::2", "127.0.0.1"}}});
        names.serve();
        co_await weft::resolve("host.test");
        auto server = co_await weft::start_server(ignore, "127.0.0.1", 0);
        const auto before = open_descriptors();
        auto s = co_await weft::open_connection("host.test", server.port());
        co_await settle();
        EXPECT_EQ(open_descriptors(), before + 2);  // both ends
    });
    EXPECT_EQ(weather.given_up.size(), 3u);
}

TEST(happy_eyeballs, comes_from_a_local_address_of_the_same_family) {
    network_weather weather;
    run_in(weather, []() -> weft::task<> {
        const name_server names({{"host.test", {"2001:db8::1", "127.0.0.1"}}, {"here.test", {"::1", "127.0.0.2"}}});
        names.serve();
        std::string from;
        const auto note = [&from](weft::stream s) -> weft::task<> {
            from = s.peer().host;
            co_return;
        };
        auto server = co_await weft::start_server(note, "127.0.0.1", 0);
        auto s = co_await weft::open_connection("host.test", server.port(), {.local = weft::address{"127.0.0.2", 0}});
        co_await s.read_all();
        EXPECT_EQ(from, "127.0.0.2");
        auto t = co_await weft::open_connection("127.0.0.1", server.port(), {.local = weft::address{"here.test", 0}});
        EXPECT_EQ(t.local().host, "127.0.0.2");
        try {
            co_await weft::open_connection("127.0.0.1", server.port(), {.local = weft::address{"::1", 0}});
            ADD_FAILURE();
        } catch (const weft::connect_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_not_available);
            EXPECT_THAT(e.what(), HasSubstr("bind [::1]:0 to connect to 127.0.0.1:"));
        }
    });
    EXPECT_THAT(weather.hosts_tried(), ElementsAre("127.0.0.1", "127.0.0.1"));
}

TEST(happy_eyeballs, binding_fails_for_one_and_connecting_for_another_and_both_are_said) {
    network_weather weather{.errors = {{"2001:db8::1", ENETUNREACH}}};
    run_in(weather, []() -> weft::task<> {
        const name_server names({{"host.test", {"198.51.100.1", "2001:db8::1"}}, {"here.test", {"127.0.0.2", "::1"}}});
        names.serve();
        auto taken = co_await weft::start_server(ignore, "127.0.0.2", 0);
        try {
            co_await weft::open_connection("host.test", 80, {.local = weft::address{"here.test", taken.port()}});
            ADD_FAILURE();
        } catch (const weft::connect_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_in_use);
            EXPECT_THAT(e.what(), HasSubstr("bind 127.0.0.2:" + std::to_string(taken.port()) +
                                            " to connect to 198.51.100.1:80: Address already in use; connect to "
                                            "[2001:db8::1]:80: Network is unreachable"));
        }
    });
    EXPECT_THAT(weather.hosts_tried(), ElementsAre("2001:db8::1"));
}

}  // namespace
