// SPDX-License-Identifier: Apache-2.0
// Our server under slowhttptest: two hundred clients that send, or take, as little as they can, and one that behaves.
#include "http/visited_server.hpp"

#include <weft/http/client.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>

using namespace std::chrono_literals;
using namespace weft_test;
using weft::task;

namespace {

#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_WHAT_IS_FREED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS_WHAT_IS_FREED 1
#endif
#endif
#ifndef KEEPS_WHAT_IS_FREED
#define KEEPS_WHAT_IS_FREED 0
#endif

/// In KiB.
long memory_in_use() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (word == "VmRSS:") return status >> word, std::stol(word);
    }
    return 0;
}

struct attack {
    bool is_over = false;
    said how;
};
task<> attack_by(std::string options, attack& a, std::string url, const temporary_folder& folder) {
    a.how = co_await shell("slowhttptest -c 200 -r 400 -l 5 -p 2 " + options, url, folder);
    a.is_over = true;
}

/// @param options  of slowhttptest
void bears(std::string options) {
    if (!has_program("slowhttptest")) GTEST_SKIP() << "slowhttptest is not installed";
    const temporary_folder folder;
    std::ofstream(folder / "large") << std::string(8 << 20, 'x');
    const http::limits limits{.head_timeout = 1s, .body_grace = 1s, .write_stall = 1s};
    run_visit(what_there_is(folder), {.limits = limits}, [&](http::server& s, std::string url) -> task<> {
        http::client client;
        const auto ask = [&]() -> task<> {
            http::client_response r = co_await client.get(url + "/");
            EXPECT_EQ(co_await r.text(), "hello\n");
        };
        co_await ask();
        const long before = memory_in_use();
        attack a;
        auto attacking = weft::create_task(attack_by(options, a, url, folder));
        std::size_t most = 0;
        auto& loop = weft::get_running_loop();
        auto last_seen = loop.time();
        long most_memory = 0;
        std::chrono::nanoseconds slowest{};
        for (; !a.is_over; co_await weft::sleep(10ms)) {
            const auto began = loop.time();
            co_await ask();
            slowest = std::max<std::chrono::nanoseconds>(slowest, loop.time() - began);
            most = std::max(most, s.connections());
            if (s.connections() > 5) last_seen = loop.time();
            most_memory = std::max(most_memory, memory_in_use());
        }
        co_await attacking;
        EXPECT_GT(most, 150u) << "of those who attack";
        EXPECT_LT(slowest, 1s);
        EXPECT_EQ(client.connections(), 1u) << "who behaves was cut off";
        // It ends early if it sees that it has no connection any more; who reads slowly sees that late.
        const bool were_closed = loop.time() - last_seen > 1s;
        EXPECT_TRUE(were_closed || a.how.text.contains("No open connections left")) << a.how.text;
        if (!KEEPS_WHAT_IS_FREED) {
            EXPECT_LT(most_memory - before, 32 * 1024) << "KiB more than before";
        }
    });
}

TEST(slowhttptest, with_slow_heads_is_borne) { bears("-H -i 1 -u $U/"); }

TEST(slowhttptest, with_slow_bodies_is_borne) { bears("-B -i 1 -s 100000 -x 8 -u $U/echo"); }

TEST(slowhttptest, that_takes_answers_slowly_is_borne) { bears("-X -n 1 -z 8 -w 256 -y 512 -k 1 -u $U/files/large"); }

}  // namespace
