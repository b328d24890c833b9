// SPDX-License-Identifier: Apache-2.0
// From an address to its name.
#include "net/name_server.hpp"

#include <weft/net/resolve.hpp>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

using weft::host_and_service;

TEST(getnameinfo, gives_the_names_of_an_address_and_its_port) {
    const name_server names({{"one.test", {"192.0.2.1"}}, {"six.test", {"2001:db8::1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        const weft::address one{"192.0.2.1", 80};
        EXPECT_EQ(co_await weft::getnameinfo(one), (host_and_service{"one.test", "http"}));
        const auto [host, service] = co_await weft::getnameinfo({"2001:db8:0::1", 81});
        EXPECT_EQ(host, "six.test");
        EXPECT_EQ(service, "81");
        EXPECT_EQ(co_await weft::getnameinfo(one, {.numeric_service = true}), (host_and_service{"one.test", "80"}));
        EXPECT_EQ(co_await weft::getnameinfo(one, {.numeric_host = true}), (host_and_service{"192.0.2.1", "http"}));
    });
}

TEST(getnameinfo, gives_an_address_without_a_name_as_a_number_unless_a_name_is_required) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        const weft::address unknown{"192.0.2.9", 80};
        EXPECT_EQ(co_await weft::getnameinfo(unknown), (host_and_service{"192.0.2.9", "http"}));
        try {
            co_await weft::getnameinfo(unknown, {.name_required = true});
            ADD_FAILURE();
        } catch (const weft::resolve_error& e) {
            EXPECT_STREQ(e.what(), "resolve 192.0.2.9:80: Name or service not known");
            EXPECT_TRUE(e.is_not_found());
        }
    });
}

TEST(getnameinfo, asks_nobody_for_numbers) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        constexpr weft::name_options numbers{.numeric_host = true, .numeric_service = true};
        EXPECT_EQ(co_await weft::getnameinfo({"0:0::1", 80}, numbers), (host_and_service{"::1", "80"}));
        EXPECT_EQ(co_await weft::getnameinfo({"fe80::1%1", 0}, numbers), (host_and_service{"fe80::1%lo", "0"}));
        EXPECT_EQ(names.asked(), 0);
        EXPECT_EQ(weft::resolver::of(weft::get_running_loop()).thread_count(), 0u);
    });
}

TEST(getnameinfo, tells_the_resolver_what_is_wanted) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        co_await weft::getnameinfo({"192.0.2.1", 53}, {.datagram = true, .short_name = true});
        EXPECT_EQ(names.last().flags, NI_DGRAM | NI_NOFQDN);
        EXPECT_EQ(names.last().service, "53");
        EXPECT_EQ(names.last().family, AF_INET);
        EXPECT_TRUE(names.last().for_name);
    });
}

TEST(getnameinfo, asks_once_for_all_who_ask_the_same_at_the_same_time) {
    const name_server names({{"one.test", {"192.0.2.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        names.keep_silent();
        auto one = weft::create_task(weft::getnameinfo({"192.0.2.1", 80}));
        auto two = weft::create_task(weft::getnameinfo({"192.0.2.1", 80}));
        auto there = weft::create_task(weft::resolve("192.0.2.1", "http"));  // the other direction is another question
        co_await weft::yield_now();
        co_await weft::yield_now();
        EXPECT_EQ(weft::resolver::of(weft::get_running_loop()).under_way(), 2u);
        names.answer();
        EXPECT_EQ((co_await one).host, "one.test");
        EXPECT_EQ((co_await two).host, "one.test");
        EXPECT_THROW(co_await there, weft::resolve_error);  // a name is all that this server knows
        EXPECT_EQ(names.asked(), 2);
    });
}

TEST(getnameinfo, refuses_what_has_no_name) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        EXPECT_THROW(co_await weft::getnameinfo({"example.org", 80}), std::invalid_argument);
        EXPECT_THROW(co_await weft::getnameinfo({"/run/x.sock"}), std::invalid_argument);
        EXPECT_THROW(co_await weft::getnameinfo({}), std::invalid_argument);
        EXPECT_THROW(co_await weft::getnameinfo({"192.0.2.1", 80}, {.numeric_host = true, .name_required = true}),
                     std::invalid_argument);
        EXPECT_EQ(names.asked(), 0);
    });
}

TEST(getnameinfo, cancelled_while_it_waits) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        names.keep_silent();
        auto asking = weft::create_task(weft::getnameinfo({"192.0.2.1", 80}));
        co_await weft::yield_now();
        co_await weft::yield_now();
        names.wait_until_asked(1);
        asking.cancel();
        EXPECT_THROW(co_await asking, weft::cancelled_error);
        EXPECT_EQ(weft::resolver::of(weft::get_running_loop()).under_way(), 1u);  // for whoever asks again
        names.answer();
        EXPECT_EQ((co_await weft::getnameinfo({"192.0.2.1", 80})).host, "192.0.2.1");
    });
}

TEST(getnameinfo, destroyed_while_it_waits) {
    const name_server names({});
    names.keep_silent();
    destroy_while_waiting([&names]() -> weft::task<> {
        names.serve();
        co_await weft::getnameinfo({"192.0.2.1", 80});
    });
    names.answer();
}

// What the system itself says: from its own files, without a name server.

TEST(the_systems_resolver, knows_what_this_machine_is_called) {
    run([]() -> weft::task<> {
        const auto here =
            co_await weft::getnameinfo({"127.0.0.1", 9}, {.numeric_service = true, .name_required = true});
        const auto back = co_await weft::resolve(here.host, here.service, {.family = weft::address_family::ipv4});
        EXPECT_THAT(back, testing::Contains(weft::address{"127.0.0.1", 9})) << here.host;
        EXPECT_GE(weft::resolver::of(weft::get_running_loop()).thread_count(), 1u);
    });
}

}  // namespace
