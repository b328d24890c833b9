// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/sleep.hpp>
#include <weft/flow/with.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/testing/run.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using testing::ElementsAre;

namespace {

using log = std::vector<std::string>;

/// Logs what happens to it; gives a number.
class logged {
public:
    explicit logged(log& l, std::string name = "") : log_(&l), name_(std::move(name)) {}
    logged(logged&&) = default;
    weft::task<int> enter() {
        log_->push_back(name_ + "enter");
        co_return 7;
    }
    weft::task<> exit(std::exception_ptr error) {
        log_->push_back(name_ + (error ? "exit with an error" : "exit"));
        co_return;
    }

protected:
    log* log_;
    std::string name_;
};
/// Can be neither moved nor copied, gives nothing, and takes its time over everything.
class slow {
public:
    explicit slow(log& l) : log_(l) {}
    slow(const slow&) = delete;
    slow& operator=(const slow&) = delete;
    ~slow() { log_.push_back("gone"); }
    weft::task<> enter() {
        co_await weft::sleep(1s);
        log_.push_back("entered");
    }
    weft::task<> exit(std::exception_ptr) {
        co_await weft::sleep(1s);
        log_.push_back("left");
    }

private:
    log& log_;
};
/// Swallows every exception that is a std::runtime_error.
class forgiving : public logged {
public:
    using logged::logged;
    weft::task<bool> exit(std::exception_ptr error) {
        co_await logged::exit(error);
        if (!error) co_return true;  // there is nothing to swallow
        try {
            std::rethrow_exception(error);
        } catch (const std::runtime_error&) {
            co_return true;
        } catch (...) {
            co_return false;
        }
    }
};
static_assert(weft::async_context<logged> && weft::async_context<slow> && !weft::async_context<int>);

TEST(with, gives_the_body_what_was_entered_and_returns_what_the_body_does) {
    log events;
    const auto main = [&]() -> weft::task<> {
        const int doubled = co_await weft::with(logged(events), [&](int& entered) -> weft::task<int> {
            events.push_back("body");
            co_return 2 * entered;
        });
        EXPECT_EQ(doubled, 14);
    };
    weft::testing::run(main());
    EXPECT_THAT(events, ElementsAre("enter", "body", "exit"));
}

TEST(with, a_body_may_take_nothing_and_return_nothing_or_what_cannot_be_copied) {
    log events;
    const auto main = [&]() -> weft::task<> {
        co_await weft::with(logged(events), []() -> weft::task<> { co_return; });
        co_await weft::with(slow(events), []() -> weft::task<> { co_return; });
        auto pointer = co_await weft::with(
            logged(events), []() -> weft::task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); });
        EXPECT_EQ(*pointer, 3);
        int i = 0;
        int& same = co_await weft::with(logged(events), [&]() -> weft::task<int&> { co_return i; });
        EXPECT_EQ(&same, &i);
    };
    weft::testing::run(main());
}

TEST(with, refers_to_an_lvalue_and_keeps_a_temporary) {
    log events;
    const auto main = [&]() -> weft::task<> {
        slow mine(events);
        co_await weft::with(mine, []() -> weft::task<> { co_return; });
        EXPECT_THAT(events, ElementsAre("entered", "left"));
        auto later = weft::with(logged(events, "kept "), []() -> weft::task<> { co_return; });
        events.clear();
        co_await std::move(later);
        EXPECT_THAT(events, ElementsAre("kept enter", "kept exit"));
    };
    weft::testing::run(main());
}

TEST(with, keeps_the_captures_of_its_body) {
    log events;
    const auto main = [&]() -> weft::task<> {
        const auto make = [&] {
            auto text = std::make_unique<std::string>("captured");
            return weft::with(logged(events), [text = std::move(text)]() -> weft::task<std::string> {
                co_await weft::sleep(1s);
                co_return *text;
            });
        };
        EXPECT_EQ(co_await make(), "captured");
    };
    weft::testing::run(main());
}

TEST(with, leaves_when_the_body_throws) {
    log events;
    const auto main = [&]() -> weft::task<> {
        const auto fails = []() -> weft::task<int> {
            throw std::runtime_error("body");
            co_return 0;
        };
        EXPECT_THROW(co_await weft::with(logged(events), fails), std::runtime_error);
    };
    weft::testing::run(main());
    EXPECT_THAT(events, ElementsAre("enter", "exit with an error"));
}

TEST(with, an_exit_that_gives_true_swallows_the_exception_and_no_other) {
    log events;
    const auto main = [&]() -> weft::task<> {
        co_await weft::with(forgiving(events), []() -> weft::task<> {
            throw std::runtime_error("forgiven");
            co_return;
        });
        const int instead = co_await weft::with(forgiving(events), []() -> weft::task<int> {
            throw std::runtime_error("forgiven");
            co_return 5;
        });
        EXPECT_EQ(instead, 0) << "there is no result";
        EXPECT_EQ(co_await weft::with(forgiving(events), []() -> weft::task<int> { co_return 5; }), 5);
        const auto fails = []() -> weft::task<> {
            throw std::logic_error("not forgiven");
            co_return;
        };
        EXPECT_THROW(co_await weft::with(forgiving(events), fails), std::logic_error);
    };
    weft::testing::run(main());
}

TEST(with, does_not_leave_what_it_could_not_enter) {
    struct closed_door {
        weft::task<> enter() {
            throw std::runtime_error("closed");
            co_return;
        }
        weft::task<> exit(std::exception_ptr) {
            ADD_FAILURE() << "it was never entered";
            co_return;
        }
    };
    const auto main = []() -> weft::task<> {
        const auto body = []() -> weft::task<> {
            ADD_FAILURE() << "it was never entered";
            co_return;
        };
        EXPECT_THROW(co_await weft::with(closed_door(), body), std::runtime_error);
    };
    weft::testing::run(main());
}

TEST(with, nests_and_leaves_the_inner_one_first) {
    log events;
    const auto main = [&]() -> weft::task<> {
        co_await weft::with(logged(events, "outer "), [&]() -> weft::task<> {
            co_await weft::with(logged(events, "inner "), []() -> weft::task<> { co_return; });
        });
    };
    weft::testing::run(main());
    EXPECT_THAT(events, ElementsAre("outer enter", "inner enter", "inner exit", "outer exit"));
}

TEST(with, cancelled_while_the_body_waits_it_awaits_the_exit_to_its_end) {
    log events;
    const auto main = [&]() -> weft::task<> {
        const auto body = []() -> weft::task<> { co_await weft::sleep(1h); };
        auto inside = weft::create_task([&]() -> weft::task<> { co_await weft::with(slow(events), body); });
        co_await weft::sleep(2s);
        inside.cancel();
        EXPECT_THROW(co_await inside, weft::cancelled_error);
        EXPECT_THAT(events, ElementsAre("entered", "left", "gone"));
    };
    weft::testing::run(main());
}

TEST(with, destroyed_while_the_body_waits_destroys_the_context_that_it_keeps) {
    log events;
    {
        auto loop = weft::testing::make_virtual_loop();
        loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [&]() -> weft::task<> {
            slow mine(events);
            co_await weft::with(mine, []() -> weft::task<> { co_await weft::sleep(24h); });
        };
        const auto never_finishes = weft::create_task_on(*loop, main());
        loop->run_until_complete([]() -> weft::task<> { co_await weft::sleep(1h); }());
        loop->close();
    }
    EXPECT_THAT(events, ElementsAre("entered", "gone"));
}

}  // namespace
