// SPDX-License-Identifier: Apache-2.0
// Thousands of connections that open, talk, close, reset and are cancelled at random; then every descriptor is closed and
// every byte is back.
#include "stress/checking.hpp"
#include "stress/command.hpp"
#include "stress/dice.hpp"
#include "stress/measuring.hpp"

#include <weft/weft.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace stress {

namespace {

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

void allow_descriptors(std::size_t count) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= count) return;
    limit.rlim_cur = count;
    limit.rlim_max = std::max<rlim_t>(limit.rlim_max, count);
    require(::setrlimit(RLIMIT_NOFILE, &limit) == 0, "so many descriptors are not allowed here: try a smaller --count");
}

struct tally {
    std::size_t visits = 0, whole = 0, cancelled = 0, failed = 0;
};

/// A round: a server, and clients that come and go until the time is up.
class crowd {
public:
    crowd(std::size_t size, std::uint64_t seed) : dice_(seed), places_(size) {}

    weft::task<> run(double seconds) {
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context& c) {
            // A handler may fail with its connection; nothing else is worth a report.
            require(c.message == "Unhandled exception in a connection handler",
                    c.message + (c.exception ? ": " + weft::describe_exception(c.exception) : ""));
        });
        auto server =
            co_await weft::start_server([this](weft::stream s) { return answer(std::move(s)); }, "127.0.0.1", 0);
        const auto until = weft::get_running_loop().time() + std::chrono::duration<double>(seconds);
        std::vector<weft::task_handle<>> clients;
        for (std::size_t i = 0; i < places_.size(); ++i)
            clients.push_back(weft::create_task(come_and_go(i, server.port())));
        while (weft::get_running_loop().time() < until) {
            co_await weft::sleep(1ms);
            for (std::size_t i = 0; i < 1 + places_.size() / 500; ++i) {
                if (auto& h = places_[dice_.roll(places_.size())]) h->cancel();
            }
        }
        leaving_ = true;
        for (auto& h : places_) {
            if (h) h->cancel();
        }
        for (auto& c : clients) co_await c;
        server.close();
        server.cancel_connections();
        co_await server.wait_closed();
        require_equal(static_cast<long long>(weft::all_tasks().size()), 1, "tasks at the end");
    }

    tally total;

private:
    weft::task<> come_and_go(std::size_t place, std::uint16_t port) {
        while (!leaving_) {
            places_[place] = weft::create_task(visit(port));
            ++total.visits;
            try {
                co_await *places_[place];
                ++total.whole;
            } catch (const weft::cancelled_error&) {
                ++total.cancelled;
            } catch (const std::system_error&) {  // a reset, or no port left
                ++total.failed;
            } catch (const weft::incomplete_read_error&) {
                ++total.failed;
            }
            if (total.failed % 64 == 63) co_await weft::sleep(1ms);
        }
        places_[place].reset();
    }

    /// What comes back is what was sent, or nothing.
    weft::task<> visit(std::uint16_t port) {
        weft::stream s = co_await weft::open_connection("127.0.0.1", port);
        for (std::size_t left = dice_.roll(6); left > 0; --left) {
            const std::string line(dice_.one_in(50) ? 100'000 : 1 + dice_.roll(200),
                                   static_cast<char>('a' + dice_.roll(26)));
            co_await s.write(line + "\n");
            if (dice_.one_in(20)) break;  // leaves without the answer
            const std::string got = co_await s.read_exactly(line.size() + 1);
            require(got.back() == '\n' && got.compare(0, line.size(), line) == 0, "an answer is not what was asked");
            if (dice_.one_in(10)) co_await weft::sleep(std::chrono::milliseconds(dice_.roll(20)));
        }
        if (dice_.one_in(4)) {
            s.abort();
        } else if (dice_.one_in(3)) {
            co_await s.write_eof();
            co_await s.read_all();
        } else if (dice_.one_in(2)) {
            co_await s.close();
        }  // else it is destroyed
    }

    weft::task<> answer(weft::stream s) {
        const bool by_chunks = dice_.one_in(2);
        while (weft::chunk bytes = co_await s.read_chunk()) {
            if (dice_.one_in(200)) {
                s.abort();
                co_return;
            }
            if (dice_.one_in(200)) co_return;
            if (by_chunks) {
                co_await s.write(std::move(bytes));
            } else {
                co_await s.write(bytes.text());
            }
        }
        if (dice_.one_in(2)) co_await s.close();
    }

    dice dice_;
    std::vector<std::optional<weft::task_handle<>>> places_;  // the visit that goes on at each
    bool leaving_ = false;
};

}  // namespace

void run_connections(const options& o) {
    const std::size_t count = o.count.value_or(10'000);
    allow_descriptors(2 * count + 100);
    std::uint64_t seed = o.seed.value_or(1);
    const std::uint64_t last = seed + o.rounds.value_or(3) - 1;
    const std::size_t descriptors = open_descriptors();
    long long heap = 0;
    for (; seed <= last; ++seed) {
        set_repeat_command("stress connections --rounds 2 --seed " + std::to_string(seed));
        crowd c(count, seed);
        weft::run(c.run(o.seconds / static_cast<double>(o.rounds.value_or(3))));
        std::printf("%zu visits: %zu whole, %zu cancelled, %zu failed\n", c.total.visits, c.total.whole,
                    c.total.cancelled, c.total.failed);
        require_equal(static_cast<long long>(open_descriptors()), static_cast<long long>(descriptors),
                      "descriptors at the end");
        const long long now = heap_in_use();
        // The first round leaves what is kept for the next: frames of tasks.
        if (heap != 0) require(now <= heap + heap / 4 + 1'000'000, "a round has left memory behind");
        heap = std::max(heap, now);
    }
}

}  // namespace stress
