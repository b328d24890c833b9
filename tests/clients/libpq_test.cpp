// SPDX-License-Identifier: Apache-2.0
// libpq as it is, and PostgreSQL.
#include "clients/many_fibers.hpp"
#include "clients/postgres.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace client_tests;
using namespace std::chrono_literals;

struct finish {
    void operator()(PGconn* c) const { PQfinish(c); }
};
using connection = std::unique_ptr<PGconn, finish>;

/// @return 0, or 1: it failed
int query(const connection& c, const char* text) {
    PGresult* const r = PQexec(c.get(), text);
    const bool is_good = PQresultStatus(r) == PGRES_TUPLES_OK;
    PQclear(r);
    return is_good ? 0 : 1;
}

class libpq : public testing::Test {
protected:
    /// One server, and a thousand connections to it, serve all tests: both are dear.
    static void SetUpTestSuite() {
        if (!postgres::programs() || !allow_descriptors(1500)) return;
        server = std::make_unique<postgres>();
        conninfo = server->conninfo();
        connections.resize(thousand);
        const auto began = weft::clock::now();
        connected = weft::run([]() -> weft::task<int> {
            // What a server's process does for the first time takes long; and each is a fork.
            auto connect = [](int i) {
                connection& c = connections[static_cast<std::size_t>(i)];
                c.reset(PQconnectdb(conninfo.c_str()));
                return query(c, "select pg_sleep(0)");
            };
            int successes = 0;
            for (int i = 0; i < thousand; i += 50) successes += co_await count_successes(i, i + 50, connect);
            co_return successes;
        }());
        std::printf("libpq: %d connections in %.1f s\n", connected,
                    std::chrono::duration<double>(weft::clock::now() - began).count());
    }
    static void TearDownTestSuite() {
        connections.clear();
        server.reset();
    }
    void SetUp() override {
        if (!server) GTEST_SKIP() << "PostgreSQL is not installed, or too few descriptors are allowed";
        ASSERT_EQ(connected, thousand);
    }

    static inline std::unique_ptr<postgres> server;
    static inline std::string conninfo;
    static inline std::vector<connection> connections;
    static inline int connected = 0;
};

TEST_F(libpq, a_thousand_queries_of_100_ms_take_about_as_long_and_the_loop_is_not_blocked) {
    const measured m = weft::run([]() -> weft::task<measured> {
        auto wait = [](int i) { return query(connections[static_cast<std::size_t>(i)], "select pg_sleep(0.1)"); };
        co_return co_await measure("libpq", wait);
    }());
    EXPECT_EQ(m.successes, thousand);
    EXPECT_LT(m.took, together_at_most);  // one after another: 100 s
    EXPECT_LT(m.late.of_the_loop, lateness_at_most);
}

TEST_F(libpq, a_query_that_takes_too_long_is_given_up_and_the_next_connection_works) {
    const std::ptrdiff_t before = open_descriptors();
    weft::run([]() -> weft::task<> {
        std::string told;
        const auto began = weft::clock::now();
        auto h = weft::create_fiber([&told] {
            const connection c(PQconnectdb(conninfo.c_str()));
            const int failed = query(c, "select pg_sleep(60)");
            told = PQerrorMessage(c.get());
            // An unmodified program can still ask the server to leave off: that needs no wait that is refused.
            PGcancel* const cancel = PQgetCancel(c.get());
            char error[256] = "";
            if (!PQcancel(cancel, error, sizeof error)) told += error;
            PQfreeCancel(cancel);
            return failed;
        });
        bool is_late = false;
        try {
            co_await weft::wait_for(h, 300ms);
        } catch (const weft::timeout_error&) {
            is_late = true;
        }
        EXPECT_TRUE(is_late);
        EXPECT_LT(weft::clock::now() - began, 20s);
        EXPECT_NE(told.find(std::strerror(ECANCELED)), told.npos) << told;
        const int failed = co_await weft::create_fiber([] {
            const connection c(PQconnectdb(conninfo.c_str()));
            // Nor does the server's process that slept stay behind.
            for (int look = 0; look < 1000; ++look) {
                if (query(c, "select 1 / (1 - count(*)) from pg_stat_activity where query = 'select pg_sleep(60)'") ==
                    0)
                    return 0;
                weft::await(weft::sleep(10ms));
            }
            return 1;
        });
        EXPECT_EQ(failed, 0);
    }());
    EXPECT_EQ(open_descriptors(), before);
}

#ifdef WEFT_TEST_QUERY_POOL
TEST_F(libpq, the_example_of_a_pool_has_many_queries_under_way) {
    weft_test::child pool({WEFT_TEST_QUERY_POOL, conninfo});
    EXPECT_EQ(pool.read_all(), "100 queries of 20 ms by 10 workers; the last answer: 10000\n");
    EXPECT_EQ(pool.finish(), 0);
}
#endif

TEST_F(libpq, a_thousand_cancelled_in_the_middle_of_their_queries_leave_nothing_behind) {
    const std::ptrdiff_t before = open_descriptors();
    weft::run([]() -> weft::task<> {
        int failures = 0;
        auto wait = [&failures](int i) {
            const connection c = std::move(connections[static_cast<std::size_t>(i)]);
            const int failed = query(c, "select pg_sleep(60)");
            failures += failed;
            return failed;
        };
        auto all = co_await begin(0, thousand, wait);
        co_await weft::sleep(50ms);
        const auto began = weft::clock::now();
        const int cancelled = co_await cancel_all(all);
        EXPECT_EQ(cancelled, thousand);
        EXPECT_EQ(failures, thousand);
        EXPECT_LT(weft::clock::now() - began, 10s);
    }());
    EXPECT_EQ(open_descriptors(), before - thousand);
}

}  // namespace
