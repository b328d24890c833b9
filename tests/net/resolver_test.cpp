// SPDX-License-Identifier: Apache-2.0
// How lookups are shared, abandoned and bounded.
#include "net/name_server.hpp"

#include "io/operations.hpp"

#include <atomic>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

weft::resolver& own_resolver() { return weft::resolver::of(weft::get_running_loop()); }

TEST(resolver, asks_once_for_all_who_ask_the_same_at_the_same_time) {
    const name_server names({{"one.test", {"192.0.2.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        names.keep_silent();
        std::vector<weft::task_handle<std::vector<weft::address>>> asking;
        for (int i = 0; i < 10; ++i) asking.push_back(weft::create_task(weft::resolve("one.test", 80)));
        auto other_port = weft::create_task(weft::resolve("one.test", 81));
        auto other_family = weft::create_task(weft::resolve("one.test", 80, {.family = weft::address_family::ipv4}));
        co_await weft::yield_now();
        co_await weft::yield_now();
        EXPECT_EQ(own_resolver().under_way(), 3u);
        names.answer();
        for (auto& a : asking) EXPECT_EQ(co_await a, (std::vector{weft::address{"192.0.2.1", 80}}));
        EXPECT_EQ((co_await other_port).at(0).port, 81);
        EXPECT_EQ((co_await other_family).at(0).port, 80);
        EXPECT_EQ(names.asked(), 3);
        EXPECT_EQ(own_resolver().under_way(), 0u);
        co_await weft::resolve("one.test", 80);
        EXPECT_EQ(names.asked(), 4);  // nothing is remembered
    });
}

TEST(resolver, has_no_more_than_four_threads_and_answers_everybody) {
    const name_server names({{"a.test", {"192.0.2.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        names.keep_silent();
        std::vector<weft::task_handle<std::vector<weft::address>>> asking;
        for (std::uint16_t port = 0; port < 20; ++port)
            asking.push_back(weft::create_task(weft::resolve("a.test", port)));
        co_await weft::yield_now();
        co_await weft::yield_now();
        names.wait_until_asked(4);
        EXPECT_EQ(names.asked(), 4);
        EXPECT_EQ(own_resolver().thread_count(), 4u);
        names.answer();
        for (std::uint16_t port = 0; port < 20; ++port) EXPECT_EQ((co_await asking.at(port)).at(0).port, port);
    });
}

TEST(resolver, one_who_is_cancelled_goes_at_once_and_the_others_have_their_answer) {
    const name_server names({{"slow.test", {"192.0.2.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        names.keep_silent();
        auto one = weft::create_task(weft::resolve("slow.test", 80));
        auto two = weft::create_task(weft::resolve("slow.test", 80));
        co_await weft::yield_now();
        co_await weft::yield_now();
        names.wait_until_asked(1);
        one.cancel();
        EXPECT_THROW(co_await one, weft::cancelled_error);
        names.answer();
        EXPECT_EQ((co_await two).size(), 1u);
        EXPECT_EQ(names.asked(), 1);
    });
}

TEST(resolver, a_lookup_that_nobody_waits_for_any_more_is_joined_by_who_asks_again) {
    const name_server names({{"slow.test", {"192.0.2.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        names.keep_silent();
        for (int i = 0; i < 10; ++i) {  // more often than there are threads
            auto asking = weft::create_task(weft::resolve("slow.test", 80));
            co_await weft::yield_now();
            co_await weft::yield_now();
            names.wait_until_asked(1);
            asking.cancel();
            EXPECT_THROW(co_await asking, weft::cancelled_error);
            EXPECT_EQ(own_resolver().under_way(), 1u);
        }
        co_await weft::sleep(1000h);  // a virtual clock does not wait for what nobody waits for
        auto again = weft::create_task(weft::resolve("slow.test", 80));
        co_await weft::yield_now();
        co_await weft::yield_now();
        names.answer();
        EXPECT_EQ((co_await again).size(), 1u);
        EXPECT_EQ(names.asked(), 1);
        EXPECT_EQ(own_resolver().under_way(), 0u);
    });
}

TEST(resolver, a_lookup_that_has_not_begun_is_never_made_when_nobody_waits_for_it) {
    const name_server names({{"a.test", {"192.0.2.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        names.keep_silent();
        std::vector<weft::task_handle<std::vector<weft::address>>> asking;
        for (std::uint16_t port = 0; port < 5; ++port)
            asking.push_back(weft::create_task(weft::resolve("a.test", port)));
        co_await weft::yield_now();
        co_await weft::yield_now();
        names.wait_until_asked(4);
        asking.back().cancel();
        EXPECT_THROW(co_await asking.back(), weft::cancelled_error);
        EXPECT_EQ(own_resolver().under_way(), 4u);
        names.answer();
        for (std::size_t i = 0; i < 4; ++i) co_await asking.at(i);
        EXPECT_EQ(names.asked(), 4);
    });
}

TEST(resolver, destroyed_while_a_task_waits_for_it) {
    const name_server names({{"slow.test", {"192.0.2.1"}}});
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    names.serve(loop);
    names.keep_silent();
    const auto main = [](const name_server& n) -> weft::task<> {
        for (std::uint16_t port = 0; port < 6; ++port) weft::spawn(weft::resolve("slow.test", port));
        co_await weft::yield_now();
        co_await weft::yield_now();
        n.wait_until_asked(4);
    };
    loop.run_until_complete(main(names));
    loop.close();  // returns, though four calls hang; the other two are never made
    names.answer();
    EXPECT_EQ(names.asked(), 4);
}

TEST(resolver, a_loop_that_ends_does_not_wait_for_a_name_server_that_hangs) {
    const name_server names({});
    names.keep_silent();
    run([&names]() -> weft::task<> {
        names.serve();
        auto asking = weft::create_task(weft::resolve("hangs.test", 80));
        co_await weft::yield_now();
        co_await weft::yield_now();
        names.wait_until_asked(1);
        asking.cancel();
        EXPECT_THROW(co_await asking, weft::cancelled_error);
    });
    EXPECT_EQ(names.asked(), 1);
}

TEST(resolver, idle_ends_its_threads_with_its_loop) {
    static std::atomic<int> begun, ended;
    begun = ended = 0;
    struct thread_end {
        thread_end() { ++begun; }
        ~thread_end() { ++ended; }
    };
    run([]() -> weft::task<> {
        const auto ask = [](const weft::lookup_query&) {
            thread_local const thread_end here;
            static_cast<void>(here);
            return weft::lookup_answer{.addresses = {weft::numeric_address("192.0.2.1", 80).value()}};
        };
        auto& loop = weft::get_running_loop();
        loop.set_service(weft::resolver::kind, std::make_unique<weft::resolver>(loop, ask));
        co_await weft::resolve("a.test");
        EXPECT_EQ(begun, 1);
        EXPECT_EQ(ended, 0);
    });
    EXPECT_EQ(ended, 1);
}

TEST(resolver, what_the_call_throws_reaches_everybody) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        auto one = weft::create_task(weft::resolve("crowded.test"));
        auto two = weft::create_task(weft::resolve("crowded.test"));
        EXPECT_THROW(co_await one, std::bad_alloc);
        EXPECT_THROW(co_await two, std::bad_alloc);
    });
}

TEST(resolver, races_of_asking_and_leaving_lose_nobody) {
    const name_server names({{"a.test", {"192.0.2.1"}}, {"b.test", {"192.0.2.2"}}});
    weft::run([](const name_server& n) -> weft::task<> {
        n.serve();
        int answered = 0;
        const auto ask = [](const char* host, int& count) -> weft::task<> {
            co_await weft::resolve(host, 80);
            ++count;
        };
        int cancelled = 0;
        for (int round = 0; round < 200; ++round) {
            std::vector<weft::task_handle<>> asking;
            for (int i = 0; i < 6; ++i) asking.push_back(weft::create_task(ask(i % 2 ? "a.test" : "b.test", answered)));
            for (int i = 0; i < round % 7; ++i) co_await weft::yield_now();
            for (std::size_t i = 0; i < asking.size(); i += 2) cancelled += asking[i].cancel();
            for (auto& a : asking) co_await weft::wait(std::vector{a});
        }
        EXPECT_GE(answered + cancelled, 1200);
        EXPECT_GE(answered, 600);
    }(names));
}

}  // namespace
