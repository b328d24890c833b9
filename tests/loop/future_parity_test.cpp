// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/loop/future.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// What CPython's test_futures asserts; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::future;

/// Lets everything that is ready run.
auto settle() { return weft::sleep(1ms); }

template <class F>
void expect_it_is_done_for_good(const F& f) {
    EXPECT_THROW(f.set_result(1), weft::invalid_state_error);
    EXPECT_THROW(f.set_exception(crash()), weft::invalid_state_error);
    EXPECT_FALSE(f.cancel());
}

// test_initial_state
TEST(future_parity, is_pending_until_it_is_done) {
    run_in_every_order([]() -> task<> {
        const future<int> f;
        EXPECT_FALSE(f.cancelled());
        EXPECT_FALSE(f.done());
        f.cancel();
        EXPECT_TRUE(f.cancelled());
        co_return;
    });
}

// test_constructor_without_loop, test_constructor_use_running_loop
TEST(future_parity, belongs_to_the_loop_that_runs_or_the_one_it_is_given) {
    EXPECT_THROW((void)future<int>(), weft::no_running_loop_error);
    weft::testing::run([]() -> task<> {
        const future<int> f;
        EXPECT_EQ(&f.get_loop(), &weft::get_running_loop());
        co_return;
    }());
    auto loop = weft::testing::make_virtual_loop();
    EXPECT_EQ(&future<int>(*loop).get_loop(), loop.get());
}

// test_cancel
TEST(future_parity, once_cancelled_it_stays_so) {
    run_in_every_order([]() -> task<> {
        const future<int> f;
        EXPECT_TRUE(f.cancel());
        EXPECT_TRUE(f.cancelled());
        EXPECT_TRUE(f.done());
        EXPECT_THROW((void)f.result(), weft::cancelled_error);
        EXPECT_THROW((void)f.exception(), weft::cancelled_error);
        expect_it_is_done_for_good(f);
        co_return;
    });
}

// test_result
TEST(future_parity, once_it_has_a_result_it_keeps_it) {
    run_in_every_order([]() -> task<> {
        const future<int> f;
        EXPECT_THROW((void)f.result(), weft::invalid_state_error);
        f.set_result(42);
        EXPECT_FALSE(f.cancelled());
        EXPECT_TRUE(f.done());
        EXPECT_EQ(f.result(), 42);
        EXPECT_EQ(f.exception(), nullptr);
        expect_it_is_done_for_good(f);
        EXPECT_EQ(f.result(), 42);
        co_return;
    });
}

// test_exception
TEST(future_parity, once_it_has_an_exception_it_keeps_it) {
    run_in_every_order([]() -> task<> {
        const auto error = std::make_exception_ptr(crash());
        const future<int> f;
        EXPECT_THROW((void)f.exception(), weft::invalid_state_error);
        f.set_exception(error);
        EXPECT_FALSE(f.cancelled());
        EXPECT_TRUE(f.done());
        EXPECT_THROW((void)f.result(), crash);
        EXPECT_EQ(f.exception(), error);
        expect_it_is_done_for_good(f);
        co_return;
    });
}

// test_yield_from_twice, test_future_stop_iteration_args
TEST(future_parity, may_be_awaited_again_and_does_not_suspend_then) {
    run_in_every_order([]() -> task<> {
        using two = std::pair<int, int>;
        const future<two> f;
        std::string log;
        const auto body = [&]() -> task<> {
            log += "A";
            EXPECT_EQ(co_await f, two(1, 2));
            log += "B";
            EXPECT_EQ(co_await f, two(1, 2));
            log += "C";
        };
        const auto h = weft::create_task(body());
        co_await settle();
        EXPECT_EQ(log, "A");
        f.set_result(two(1, 2));
        weft::get_running_loop().call_soon([&] { log += "|"; });
        co_await h;
        EXPECT_NE(log.find("BC"), std::string::npos) << log;
    });
}

/// What the exception handler of a loop hears while `main` runs on it.
std::string reports_of(task<> main) {
    std::string reports;
    auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([&](weft::event_loop&, const weft::error_context& c) { reports += c.message + "\n"; });
    loop->run_until_complete(std::move(main));
    loop.reset();
    return reports;
}

// test_tb_logger_abandoned, test_tb_logger_result_unretrieved, test_tb_logger_result_retrieved
TEST(future_parity, one_without_an_error_goes_in_silence) {
    EXPECT_EQ(reports_of([]() -> task<> {
                  {
                      const future<int> abandoned;
                  }
                  {
                      future<int>().set_result(42);
                  }
                  const future<int> looked_at;
                  looked_at.set_result(42);
                  EXPECT_EQ(looked_at.result(), 42);
                  co_return;
              }()),
              "");
}

// test_tb_logger_exception_unretrieved, test_future_exception_never_retrieved
TEST(future_parity, an_error_that_nobody_looked_at_is_reported) {
    EXPECT_EQ(reports_of([]() -> task<> {
                  future<int>().set_exception(crash());
                  co_return;
              }()),
              "Future exception was never retrieved\n");
}

// test_tb_logger_exception_retrieved, test_tb_logger_exception_result_retrieved
TEST(future_parity, an_error_that_somebody_looked_at_is_not) {
    EXPECT_EQ(reports_of([]() -> task<> {
                  const future<int> one, two, three;
                  for (const auto& f : {one, two, three}) f.set_exception(crash());
                  EXPECT_NE(one.exception(), nullptr);
                  EXPECT_THROW((void)two.result(), crash);
                  EXPECT_TRUE(co_await ends_with<crash>(three));
              }()),
              "");
}

// test_tb_logger_not_called_after_cancel: differs, cancelling one that has failed does not silence its error
TEST(future_parity, an_error_is_reported_even_if_the_failed_future_was_cancelled) {
    EXPECT_EQ(reports_of([]() -> task<> {
                  const future<int> f;
                  f.set_exception(crash());
                  EXPECT_FALSE(f.cancel());
                  co_return;
              }()),
              "Future exception was never retrieved\n");
}

// BaseFutureDoneCallbackTests

struct future_callback_parity : testing::Test {
    auto appends(int i) {
        return [this, i](const future<std::string>&) { bag.push_back(i); };
    }
    std::vector<int> bag;
};

// test_callbacks_invoked_on_set_result, test_callbacks_invoked_on_set_exception
TEST_F(future_callback_parity, are_called_in_order_soon_after_it_is_done) {
    weft::testing::run([](future_callback_parity& self) -> task<> {
        const future<std::string> f, failed;
        f.add_done_callback(self.appends(42));
        f.add_done_callback(self.appends(17));
        failed.add_done_callback(self.appends(100));
        f.set_result("foo");
        failed.set_exception(crash());
        EXPECT_THAT(self.bag, IsEmpty());
        co_await settle();
        EXPECT_THAT(self.bag, ElementsAre(42, 17, 100));
        EXPECT_EQ(f.result(), "foo");
        EXPECT_NE(failed.exception(), nullptr);
    }(*this));
}

// test_callbacks_remove_first_callback, test_callbacks_remove_first_and_second_callback,
// test_callbacks_remove_third_callback
TEST_F(future_callback_parity, those_that_were_removed_are_not_called) {
    weft::testing::run([](future_callback_parity& self) -> task<> {
        const std::vector<std::pair<std::vector<std::size_t>, std::vector<int>>> cases = {
            {{0}, {17, 100}}, {{0, 1}, {100}}, {{2}, {42, 17}}};
        for (const auto& [removed, left] : cases) {
            self.bag.clear();
            const future<std::string> f;
            std::vector<std::uint64_t> tokens;
            for (const int i : {42, 17, 100}) tokens.push_back(f.add_done_callback(self.appends(i)));
            for (const std::size_t i : removed) EXPECT_TRUE(f.remove_done_callback(tokens[i]));
            EXPECT_FALSE(f.remove_done_callback(tokens[removed[0]]));
            EXPECT_THAT(self.bag, IsEmpty());
            f.set_result("foo");
            co_await settle();
            EXPECT_EQ(self.bag, left);
            EXPECT_EQ(f.result(), "foo");
        }
    }(*this));
}

// test_remove_done_callback: differs in that a token stands for one of several alike
TEST_F(future_callback_parity, a_callback_added_several_times_is_removed_one_by_one) {
    weft::testing::run([](future_callback_parity& self) -> task<> {
        const future<std::string> f;
        const auto once = f.add_done_callback(self.appends(1));
        const auto twice = f.add_done_callback(self.appends(1));
        f.add_done_callback(self.appends(2));
        EXPECT_TRUE(f.remove_done_callback(once));
        EXPECT_TRUE(f.remove_done_callback(twice));
        EXPECT_FALSE(f.remove_done_callback(12345));
        f.set_result("foo");
        co_await settle();
        EXPECT_THAT(self.bag, ElementsAre(2));
    }(*this));
}

// test_schedule_callbacks_list_mutation_1
TEST_F(future_callback_parity, one_that_removes_another_when_both_are_due_comes_too_late) {
    weft::testing::run([](future_callback_parity& self) -> task<> {
        const future<std::string> f;
        std::uint64_t other = 0;
        bool removed = true;
        f.add_done_callback([&](const future<std::string>& done) { removed = done.remove_done_callback(other); });
        other = f.add_done_callback(self.appends(1));
        f.set_result("foo");
        co_await settle();
        EXPECT_FALSE(removed);
        EXPECT_THAT(self.bag, ElementsAre(1));
    }(*this));
}

// test_schedule_callbacks_list_mutation_2, test_remove_done_callbacks_list_mutation
TEST_F(future_callback_parity, one_that_is_added_by_another_is_called_as_well) {
    weft::testing::run([](future_callback_parity& self) -> task<> {
        const future<std::string> f;
        f.add_done_callback([&](const future<std::string>& done) { done.add_done_callback(self.appends(2)); });
        f.add_done_callback(self.appends(1));
        f.set_result("foo");
        co_await settle();
        EXPECT_THAT(self.bag, ElementsAre(1, 2));
    }(*this));
}

}  // namespace
