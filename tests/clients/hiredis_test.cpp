// SPDX-License-Identifier: Apache-2.0
// hiredis as it is, and Redis, and mini_redis.
#include "clients/beside.hpp"
#include "clients/many_fibers.hpp"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace client_tests;
using namespace std::chrono_literals;

struct release {
    void operator()(redisContext* c) const { redisFree(c); }
    void operator()(void* r) const { freeReplyObject(r); }
};
using connection = std::unique_ptr<redisContext, release>;
using reply = std::unique_ptr<redisReply, release>;

reply ask(const connection& c, const char* command) {
    return reply(static_cast<redisReply*>(redisCommand(c.get(), command)));
}
bool says(const reply& r, const std::string& text) { return r && r->str && r->str == text; }

/// A thousand connections, each to what `connect` connects to. @return how many could be made
template <class F>
weft::task<int> connect_all(std::vector<connection>& all, F connect) {
    all.resize(thousand);
    auto one = [&](int i) {
        connection& c = all[static_cast<std::size_t>(i)];
        c.reset(connect());
        return says(ask(c, "PING"), "PONG") ? 0 : 1;
    };
    co_return co_await count_successes(0, thousand, one);
}

class hiredis : public testing::Test {
protected:
    void SetUp() override {
        if (!weft_test::is_installed("redis-server")) GTEST_SKIP() << "redis-server is not installed";
        if (!allow_descriptors(2500)) GTEST_SKIP() << "too few descriptors are allowed";
        server = std::make_unique<redis>();
    }
    redisContext* connect() const { return redisConnectUnix(server->socket().c_str()); }

    std::unique_ptr<redis> server;
};

TEST_F(hiredis, a_thousand_requests_of_100_ms_take_about_as_long_and_the_loop_is_not_blocked) {
    const measured m = weft::run([](auto* self) -> weft::task<measured> {
        std::vector<connection> all;
        const int connected = co_await connect_all(all, [self] { return self->connect(); });
        EXPECT_EQ(connected, thousand);
        auto wait = [&all](int i) {
            const reply r = ask(all[static_cast<std::size_t>(i)], "BLPOP nothing 0.1");
            return r && r->type == REDIS_REPLY_NIL ? 0 : 1;
        };
        co_return co_await measure("hiredis", wait);
    }(this));
    EXPECT_EQ(m.successes, thousand);
    EXPECT_LT(m.took, together_at_most);
    EXPECT_LT(m.late.of_the_loop, lateness_at_most);
}

TEST_F(hiredis, a_request_that_takes_too_long_is_given_up_and_the_next_connection_works) {
    const std::ptrdiff_t before = open_descriptors();
    weft::run([](auto* self) -> weft::task<> {
        std::string told;
        auto h = weft::create_fiber([&] {
            const connection c(self->connect());
            const reply r = ask(c, "BLPOP nothing 60");
            told = c->errstr;
            return r ? 1 : 0;
        });
        bool is_late = false;
        try {
            co_await weft::wait_for(h, 50ms);
        } catch (const weft::timeout_error&) {
            is_late = true;
        }
        EXPECT_TRUE(is_late);
        EXPECT_EQ(told, std::strerror(ECANCELED));
        const bool works =
            co_await weft::create_fiber([&] { return says(ask(connection(self->connect()), "PING"), "PONG"); });
        EXPECT_TRUE(works);
    }(this));
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(hiredis, a_timeout_of_its_own_is_kept) {
    const int error = weft::run([](auto* self) -> weft::task<int> {
        co_return co_await weft::create_fiber([self] {
            const connection c(self->connect());
            redisSetTimeout(c.get(), timeval{.tv_sec = 0, .tv_usec = 50'000});
            const reply r = ask(c, "BLPOP nothing 60");
            return !r && c->err == REDIS_ERR_IO ? errno : 0;
        });
    }(this));
    EXPECT_EQ(error, EAGAIN);
}

TEST_F(hiredis, a_thousand_cancelled_in_the_middle_of_their_requests_leave_nothing_behind) {
    const std::ptrdiff_t before = open_descriptors();
    weft::run([](auto* self) -> weft::task<> {
        int failures = 0;
        auto wait = [&](int) {
            const connection c(self->connect());
            const reply r = ask(c, "BLPOP nothing 60");
            if (!r) ++failures;
            return 0;
        };
        auto all = co_await begin(0, thousand, wait);
        co_await weft::sleep(50ms);
        const int cancelled = co_await cancel_all(all);
        EXPECT_EQ(cancelled, thousand);
        EXPECT_EQ(failures, thousand);
        // The server has heard that they are gone.
        const bool alone = co_await weft::create_fiber([self] {
            const connection c(self->connect());
            for (int look = 0; look < 500; ++look) {
                const reply r = ask(c, "INFO clients");
                if (r && r->str && std::string(r->str).find("connected_clients:1\r") != std::string::npos) return true;
                weft::await(weft::sleep(10ms));
            }
            return false;
        });
        EXPECT_TRUE(alone);
    }(this));
    EXPECT_EQ(open_descriptors(), before);
}

// And against a server of weft's, whose only long answers are messages.

class hiredis_and_mini_redis : public testing::Test {
protected:
    void SetUp() override {
        if (!allow_descriptors(2500)) GTEST_SKIP() << "too few descriptors are allowed";
        server = std::make_unique<mini_redis>();
    }
    redisContext* connect() const { return redisConnect("127.0.0.1", server->port()); }

    std::unique_ptr<mini_redis> server;
};

TEST_F(hiredis_and_mini_redis, a_thousand_clients_wait_100_ms_for_a_message_on_one_thread) {
    const auto once = [](auto* self) -> weft::task<measured> {
        std::vector<connection> all;
        const int connected = co_await connect_all(all, [self] { return self->connect(); });
        EXPECT_EQ(connected, thousand);
        int subscribed = 0;
        auto wait = [&](int i) {
            const connection& c = all[static_cast<std::size_t>(i)];
            if (!ask(c, "SUBSCRIBE news")) return 1;
            ++subscribed;
            void* message = nullptr;
            if (redisGetReply(c.get(), &message) != REDIS_OK) return 1;
            const reply r(static_cast<redisReply*>(message));
            return r->elements == 3 && std::string(r->element[2]->str) == "hello" ? 0 : 1;
        };
        auto publisher = weft::create_fiber([self, &subscribed] {
            const connection c(self->connect());
            while (subscribed < thousand) weft::await(weft::sleep(1ms));
            weft::await(weft::sleep(100ms));
            const reply r = ask(c, "PUBLISH news hello");
            return r ? static_cast<int>(r->integer) : -1;
        });
        const measured got = co_await measure_once("hiredis and mini_redis", wait);
        const int heard = co_await publisher;
        EXPECT_EQ(heard, thousand);
        co_return got;
    };
    measured m = weft::run(once(this));
    for (int again = 0; again < 2 && !m.as_promised(); ++again) m = weft::run(once(this));  // as measure() does
    EXPECT_EQ(m.successes, thousand);
    EXPECT_LT(m.took, together_at_most);
    EXPECT_LT(m.late.of_the_loop, lateness_at_most);
}

TEST_F(hiredis_and_mini_redis, a_thousand_pipelines_count_together) {
    const int total = weft::run([](auto* self) -> weft::task<int> {
        auto count = [self](int) {
            const connection c(self->connect());
            for (int i = 0; i < 10; ++i) redisAppendCommand(c.get(), "INCR total");
            int answers = 0;
            for (void* r = nullptr; answers < 10 && redisGetReply(c.get(), &r) == REDIS_OK; ++answers)
                freeReplyObject(r);
            return answers == 10 ? 0 : 1;
        };
        const int successes = co_await count_successes(0, thousand, count);
        EXPECT_EQ(successes, thousand);
        co_return co_await weft::create_fiber([self] {
            const reply r = ask(connection(self->connect()), "GET total");
            return r && r->str ? std::atoi(r->str) : 0;
        });
    }(this));
    EXPECT_EQ(total, 10 * thousand);
}

TEST_F(hiredis_and_mini_redis, timeouts_of_either_kind_are_kept) {
    const std::ptrdiff_t before = open_descriptors();
    weft::run([](auto* self) -> weft::task<> {
        const auto wait = [self](timeval patience) {
            const connection c(self->connect());
            const reply first = ask(c, "SUBSCRIBE nothing");
            redisSetTimeout(c.get(), patience);
            void* message = nullptr;
            return redisGetReply(c.get(), &message) == REDIS_OK ? 0 : errno;
        };
        const int by_itself = co_await weft::create_fiber(wait, timeval{.tv_sec = 0, .tv_usec = 50'000});
        EXPECT_EQ(by_itself, EAGAIN);
        bool is_late = false;
        try {
            co_await weft::wait_for(weft::create_fiber(wait, timeval{.tv_sec = 60, .tv_usec = 0}), 50ms);
        } catch (const weft::timeout_error&) {
            is_late = true;
        }
        EXPECT_TRUE(is_late);
    }(this));
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(hiredis_and_mini_redis, a_thousand_cancelled_while_they_wait_leave_nothing_behind) {
    const std::ptrdiff_t before = open_descriptors();
    weft::run([](auto* self) -> weft::task<> {
        int failures = 0;
        auto wait = [&](int) {
            const connection c(self->connect());
            const reply first = ask(c, "SUBSCRIBE nothing");
            void* message = nullptr;
            if (redisGetReply(c.get(), &message) != REDIS_OK) ++failures;
            return 0;
        };
        auto all = co_await begin(0, thousand, wait);
        co_await weft::sleep(50ms);
        const int cancelled = co_await cancel_all(all);
        EXPECT_EQ(cancelled, thousand);
        EXPECT_EQ(failures, thousand);
        const bool works =
            co_await weft::create_fiber([&] { return says(ask(connection(self->connect()), "PING"), "PONG"); });
        EXPECT_TRUE(works);
    }(this));
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
