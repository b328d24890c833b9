// SPDX-License-Identifier: Apache-2.0
// A server on several loops. Threads and sockets are real, and so is the clock.
#include <weft/http/server.hpp>

#include <weft/flow/sleep.hpp>
#include <weft/flow/wait_for.hpp>
#include <weft/loop/run.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/net/connection.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// That there are no more threads at its end than there were at its beginning.
class no_thread_is_left {
public:
    no_thread_is_left() : before_((std::thread([] {}).join(), count())) {}  // the first one brings a sanitizer's own
    ~no_thread_is_left() {
        const auto end = std::chrono::steady_clock::now() + 5s;  // one that was joined may still be listed
        while (count() > before_ && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        EXPECT_LE(count(), before_);
    }

private:
    static std::size_t count() {
        const std::filesystem::directory_iterator all("/proc/self/task");
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }
    std::size_t before_;
};

/// The threads that handlers have been called on.
struct threads_seen {
    http::handler noting() {
        return [this](http::request&) -> task<http::response> {
            const std::lock_guard lock(mutex);
            ids.insert(std::this_thread::get_id());
            co_return http::response::text("hello");
        };
    }
    std::size_t count() {
        const std::lock_guard lock(mutex);
        return ids.size();
    }
    std::mutex mutex;
    std::set<std::thread::id> ids;
};

/// Connects until each of `n` threads serves one of the connections, which stay.
task<std::vector<weft::stream>> reach_all(const http::server& s, threads_seen& seen, std::size_t n) {
    std::vector<weft::stream> all;
    for (int i = 0; i < 500 && seen.count() < n; ++i) {
        all.push_back(co_await weft::open_connection("127.0.0.1", s.port()));
        co_await all.back().write(get);
        const std::string head = co_await all.back().read_until("\r\n\r\n");
        EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
        co_await all.back().read_exactly(5);
    }
    EXPECT_EQ(seen.count(), n);
    co_return all;
}

void run_for_a_while(task<> body) { weft::run(weft::wait_for(std::move(body), 20s)); }

TEST(server_threads, serve_at_one_port) {
    const no_thread_is_left check;
    threads_seen seen;
    run_for_a_while([](threads_seen& all) -> task<> {
        http::server s(all.noting(), {.port = 0, .threads = 3});
        const auto serving = weft::create_task(s.serve_forever());
        const auto is_listening = [&] {
            try {
                return s.port() != 0;
            } catch (const weft::invalid_state_error&) {
                return false;
            }
        };
        while (!is_listening()) co_await weft::sleep(1ms);
        const auto connections = co_await reach_all(s, all, 3);
        EXPECT_EQ(s.connections(), connections.size());
        EXPECT_EQ(s.requests(), 0u);
        serving.cancel();
        co_await serving;
        EXPECT_EQ(s.connections(), 0u);
    }(seen));
}

TEST(server_threads, answer_what_has_begun_when_they_are_closed) {
    std::atomic<int> waiting = 0;
    const auto slow = [&](http::request&) -> task<http::response> {
        ++waiting;
        co_await weft::sleep(100ms);
        co_return http::response::text("done");
    };
    run_for_a_while([](http::handler h, std::atomic<int>& begun) -> task<> {
        http::server s(std::move(h), {.port = 0, .threads = 3});
        co_await s.start();
        std::vector<weft::stream> all;
        for (int i = 0; i < 20; ++i) {
            all.push_back(co_await weft::open_connection("127.0.0.1", s.port()));
            co_await all.back().write(get);
        }
        while (begun < 20) co_await weft::sleep(1ms);
        EXPECT_EQ(s.requests(), 20u);
        s.close();
        for (weft::stream& c : all) EXPECT_THAT(co_await c.read_all(), HasSubstr("done"));
        co_await s.wait_closed();
        EXPECT_EQ(s.connections(), 0u);
    }(slow, waiting));
}

TEST(server_threads, cancel_what_does_not_end_in_time) {
    threads_seen seen;
    run_for_a_while([](threads_seen& all) -> task<> {
        std::atomic<int> cancelled = 0, begun = 0;
        const auto waits = [&](http::request& r) -> task<http::response> {
            if (r.path() == "/") co_return co_await all.noting()(r);
            ++begun;
            try {
                co_await weft::sleep(1h);
            } catch (const weft::cancelled_error&) {
                ++cancelled;
                throw;
            }
            co_return http::response();
        };
        http::server s(waits, {.port = 0, .threads = 2, .drain_timeout = 20ms});
        co_await s.start();
        const auto serving = weft::create_task(s.serve_forever());
        auto connections = co_await reach_all(s, all, 2);
        for (weft::stream& c : connections) co_await c.write("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n");
        const int count = static_cast<int>(connections.size());
        while (begun < count) co_await weft::sleep(1ms);
        serving.cancel();
        co_await serving;
        EXPECT_EQ(cancelled, count);
    }(seen));
}

TEST(server_threads, end_with_the_one_that_fails) {
    const std::thread::id here = std::this_thread::get_id();
    const no_thread_is_left check;
    const auto stops = [here](http::request&) -> task<http::response> {
        if (std::this_thread::get_id() != here) weft::get_running_loop().stop();
        co_return http::response::text("hello");
    };
    run_for_a_while([](http::handler h) -> task<> {
        http::server s(std::move(h), {.port = 0, .threads = 2});
        co_await s.start();
        const auto serving = weft::create_task(s.serve_forever());
        while (!serving.done()) {
            try {
                weft::stream c = co_await weft::open_connection("127.0.0.1", s.port());
                co_await c.write(get);
                co_await c.read(1);
            } catch (const std::exception&) {  // it ends
            }
        }
        EXPECT_THROW(co_await serving, weft::invalid_state_error);
    }(stops));
}

TEST(server_threads, end_with_the_server) {
    const no_thread_is_left check;
    threads_seen seen;
    run_for_a_while([](threads_seen& all) -> task<> {
        http::server s(all.noting(), {.port = 0, .threads = 3});
        co_await s.start();
        const auto connections = co_await reach_all(s, all, 3);
    }(seen));
}

TEST(server_threads, end_with_the_loop_though_the_server_goes_later) {
    threads_seen seen;
    http::server s(seen.noting(), {.port = 0, .threads = 3});
    const no_thread_is_left check;
    run_for_a_while(s.start());
}

TEST(server_threads, report_to_the_loop_that_started_them) {
    const auto throws = [](http::request&) -> task<http::response> { throw std::runtime_error("of a handler"); };
    run_for_a_while([](http::handler h) -> task<> {
        const std::thread::id here = std::this_thread::get_id();
        int reports = 0;
        weft::get_running_loop().set_exception_handler([&](weft::event_loop&, const weft::error_context& e) {
            EXPECT_EQ(std::this_thread::get_id(), here);
            EXPECT_THAT(e.message, HasSubstr("Unhandled exception in the handler of GET /"));
            ++reports;
        });
        http::server s(std::move(h), {.port = 0, .threads = 2});
        co_await s.start();
        for (int i = 0; i < 10; ++i) {
            weft::stream c = co_await weft::open_connection("127.0.0.1", s.port());
            co_await c.write("GET / HTTP/1.0\r\n\r\n");
            EXPECT_THAT(co_await c.read_all(), StartsWith("HTTP/1.1 500 "));
        }
        s.close();
        co_await s.wait_closed();
        EXPECT_EQ(reports, 10);
    }(throws));
}

TEST(server_threads, do_not_share_a_port_with_another_server_unasked) {
    run_for_a_while([]() -> task<> {
        threads_seen seen;
        http::server one(seen.noting(), {.port = 0, .threads = 2});
        co_await one.start();
        http::server other(seen.noting(), {.port = one.port(), .threads = 2});
        EXPECT_THROW(co_await other.start(), std::system_error);
        http::server sharing(seen.noting(), {.port = one.port(), .threads = 2, .reuse_port = true});
        co_await sharing.start();
    }());
}

/// Many clients at a time. @return how many of them were served at once, at most
std::size_t most_at_once(http::server_options options) {
    std::atomic<std::size_t> now = 0, most = 0;
    const auto counts = [&](http::request&) -> task<http::response> {
        const std::size_t here = ++now;
        for (std::size_t before = most; before < here && !most.compare_exchange_weak(before, here);) {
        }
        co_await weft::sleep(3ms);
        --now;
        co_return http::response::text("served");
    };
    run_for_a_while([](http::handler h, http::server_options o) -> task<> {
        http::server s(std::move(h), std::move(o));
        co_await s.start();
        const auto ask = [](std::uint16_t port) -> task<> {
            weft::stream c = co_await weft::open_connection("127.0.0.1", port);
            co_await c.write("GET / HTTP/1.0\r\n\r\n");
            EXPECT_THAT(co_await c.read_all(), HasSubstr("served"));
        };
        std::vector<weft::task_handle<>> all;
        for (int i = 0; i < 64; ++i) all.push_back(weft::create_task(ask(s.port())));
        for (auto& each : all) co_await each;
    }(counts, std::move(options)));
    return most;
}

TEST(server_threads, serve_no_more_connections_together_than_they_are_told_to) {
    EXPECT_LE(most_at_once({.port = 0, .threads = 4, .max_connections = 5}), 5u);
    EXPECT_LE(most_at_once({.port = 0, .threads = 4, .max_connections = 2}), 2u);
}

TEST(server_threads, are_at_least_one) {
    threads_seen seen;
    EXPECT_THROW(http::server(seen.noting(), {.threads = 0}), std::invalid_argument);
}

// One thread, which all of this is made of as well

TEST(server_threads, that_are_cancelled_do_not_wait_for_idle_connections) {
    threads_seen seen;
    run_for_a_while([](threads_seen& all) -> task<> {
        http::server s(all.noting(), {.port = 0});
        co_await s.start();
        const auto serving = weft::create_task(s.serve_forever());
        const auto connections = co_await reach_all(s, all, 1);
        const auto began = weft::get_running_loop().time();
        serving.cancel();
        co_await serving;
        EXPECT_LT(weft::get_running_loop().time() - began, 5s);
        EXPECT_THROW(co_await s.serve_forever(), weft::invalid_state_error);
    }(seen));
}

}  // namespace
