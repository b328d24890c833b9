// SPDX-License-Identifier: Apache-2.0
#include "net/name_server.hpp"

#include <weft/net/resolve.hpp>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;

namespace {

using addresses = std::vector<weft::address>;

/// As a function: GCC 14 cannot compile a list of objects in an expression that awaits.
addresses listed(weft::address one) { return {std::move(one)}; }
addresses listed(weft::address one, weft::address other) { return {std::move(one), std::move(other)}; }

TEST(resolve, gives_the_addresses_of_a_name_in_the_systems_order) {
    const name_server names({{"two.test", {"2001:db8::1", "192.0.2.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        EXPECT_EQ(co_await weft::resolve("two.test", "443"), listed({"2001:db8::1", 443}, {"192.0.2.1", 443}));
        EXPECT_EQ(co_await weft::resolve("two.test", "http"), listed({"2001:db8::1", 80}, {"192.0.2.1", 80}));
        EXPECT_EQ(co_await weft::resolve("two.test"), listed({"2001:db8::1", 0}, {"192.0.2.1", 0}));
    });
}

TEST(resolve, asks_nobody_for_numeric_addresses_and_localhost) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        using enum weft::address_family;
        EXPECT_EQ(co_await weft::resolve("127.0.0.1", 80), listed({"127.0.0.1", 80}));
        EXPECT_EQ(co_await weft::resolve("::1", "80"), listed({"::1", 80}));
        EXPECT_EQ(co_await weft::resolve("0:0::1", ""), listed({"::1", 0}));
        EXPECT_EQ(co_await weft::resolve("fe80::1%lo", 1), listed({"fe80::1%lo", 1}));
        EXPECT_EQ(co_await weft::resolve("fe80::1%1", 1), listed({"fe80::1%lo", 1}));
        EXPECT_EQ(co_await weft::resolve("localhost", 80), listed({"127.0.0.1", 80}, {"::1", 80}));
        EXPECT_EQ(co_await weft::resolve("localhost", 80, {.family = ipv4}), listed({"127.0.0.1", 80}));
        EXPECT_EQ(co_await weft::resolve("localhost", 80, {.family = ipv6}), listed({"::1", 80}));
        EXPECT_EQ(co_await weft::resolve("", 80, {.passive = true}), listed({"0.0.0.0", 80}, {"::", 80}));
        EXPECT_EQ(co_await weft::resolve("", 80, {.family = ipv4, .passive = true}), listed({"0.0.0.0", 80}));
        EXPECT_EQ(names.asked(), 0);
        EXPECT_EQ(weft::resolver::of(weft::get_running_loop()).thread_count(), 0u);
    });
}

TEST(resolve, says_what_the_system_says_and_of_what) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        try {
            co_await weft::resolve("nobody.test", 80);
            ADD_FAILURE();
        } catch (const weft::resolve_error& e) {
            EXPECT_STREQ(e.what(), "resolve nobody.test:80: Name or service not known");
            EXPECT_EQ(e.host(), "nobody.test");
            EXPECT_EQ(e.service(), "80");
            EXPECT_EQ(e.code(), std::error_code(EAI_NONAME, weft::resolver_category()));
            EXPECT_TRUE(e.is_not_found());
            EXPECT_FALSE(e.is_temporary());
        }
        try {
            co_await weft::resolve("busy.test", "https");
            ADD_FAILURE();
        } catch (const weft::resolve_error& e) {
            EXPECT_STREQ(e.what(), "resolve busy.test:https: Temporary failure in name resolution");
            EXPECT_TRUE(e.is_temporary());
            EXPECT_FALSE(e.is_not_found());
        }
        try {
            co_await weft::resolve("broken.test");
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::too_many_files_open);
            EXPECT_STREQ(e.what(), "resolve broken.test: Too many open files");
        }
    });
}

TEST(resolve, an_address_of_the_other_family_is_not_found) {
    run([]() -> weft::task<> {
        try {
            co_await weft::resolve("127.0.0.1", 80, {.family = weft::address_family::ipv6});
            ADD_FAILURE();
        } catch (const weft::resolve_error& e) {
            EXPECT_TRUE(e.is_not_found()) << e.what();
        }
    });
}

TEST(resolve, refuses_what_cannot_be_asked) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        EXPECT_THROW(co_await weft::resolve("", 80), std::invalid_argument);
        EXPECT_THROW(co_await weft::resolve("example.org", "65536"), std::invalid_argument);
        EXPECT_THROW(co_await weft::resolve("127.0.0.1", "99999999999999999999"), std::invalid_argument);
        EXPECT_THROW(co_await weft::resolve(std::string("127.0.0.1\0.evil", 15), 80), std::invalid_argument);
        EXPECT_THROW(co_await weft::resolve("example.org", std::string("80\0x", 4)), std::invalid_argument);
        EXPECT_EQ(names.asked(), 0);
    });
}

TEST(resolve, tells_the_resolver_what_is_wanted) {
    const name_server names({{"a.test", {"192.0.2.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        co_await weft::resolve("a.test", "http", {.family = weft::address_family::ipv4, .passive = true});
        EXPECT_EQ(names.last(), (weft::lookup_query{"a.test", "http", AF_INET, AI_PASSIVE}));
        co_await weft::resolve("a.test", 80, {.family = weft::address_family::any});
        EXPECT_EQ(names.last(), (weft::lookup_query{"a.test", "80", AF_UNSPEC, AI_NUMERICSERV}));
    });
}

TEST(resolve, cancelled_while_it_waits) {
    const name_server names({{"a.test", {"192.0.2.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        names.keep_silent();
        auto asking = weft::create_task(weft::resolve("a.test"));
        co_await weft::yield_now();
        co_await weft::yield_now();
        asking.cancel("enough");
        try {
            co_await asking;
            ADD_FAILURE();
        } catch (const weft::cancelled_error& e) {
            EXPECT_EQ(e.message(), "enough");
        }
    });
}

TEST(resolve, destroyed_while_it_waits) {
    const name_server names({{"a.test", {"192.0.2.1"}}});
    names.keep_silent();
    destroy_while_waiting([&names]() -> weft::task<> {
        names.serve();
        co_await weft::resolve("a.test");
    });
    names.answer();
}

TEST(resolve, within_a_timeout) {
    const name_server names({{"a.test", {"192.0.2.1"}}});
    weft::run([](const name_server& n)
                  -> weft::task<> {  // on a real clock: a lookup under way is waited for by a virtual one
        n.serve();
        n.keep_silent();
        EXPECT_THROW(co_await weft::wait_for(weft::resolve("a.test"), 1ms), weft::timeout_error);
    }(names));
}

// What the system itself says: from its own files, without a name server.

TEST(the_systems_resolver, reads_hosts_and_services) {
    const auto here = weft::ask_system({.host = "localhost", .service = "80", .flags = AI_NUMERICSERV});
    EXPECT_EQ(here.error, 0);
    EXPECT_THAT(here.addresses.at(0).text().host, testing::AnyOf("127.0.0.1", "::1"));
    EXPECT_EQ(here.addresses.at(0).port(), 80);
    for (std::size_t i = 0; i < here.addresses.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(here.addresses[i] == here.addresses[j]);
    }
}

TEST(the_systems_resolver, knows_numbers) {
    const auto four = weft::ask_system({.host = "127.1", .service = "7"});
    ASSERT_EQ(four.error, 0);
    EXPECT_EQ(four.addresses.at(0).text(), (weft::address{"127.0.0.1", 7}));
    EXPECT_EQ(weft::ask_system({.host = "127.0.0.1", .service = "no-such-service"}).error, EAI_SERVICE);
    EXPECT_EQ(weft::ask_system({.host = "127.0.0.1", .service = "80", .family = AF_INET6}).error, EAI_ADDRFAMILY);
    EXPECT_EQ(weft::ask_system({.host = "::1%nowhere", .service = "80"}).error, EAI_NONAME);
}

TEST(the_systems_resolver, is_what_a_loop_asks) {
    run([]() -> weft::task<> {
        EXPECT_EQ(co_await weft::resolve("127.1", 9), listed({"127.0.0.1", 9}));
        EXPECT_EQ(weft::resolver::of(weft::get_running_loop()).thread_count(), 1u);
        try {
            co_await weft::resolve("127.0.0.1", "no-such-service");
            ADD_FAILURE();
        } catch (const weft::resolve_error& e) {
            EXPECT_THAT(e.what(), HasSubstr("resolve 127.0.0.1:no-such-service: "));
            EXPECT_FALSE(e.is_not_found());
        }
    });
}

}  // namespace
