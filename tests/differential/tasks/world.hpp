// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "program.hpp"

#include <weft/base/clock.hpp>
#include <weft/flow/task_group.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/loop/context_var.hpp>
#include <weft/loop/event_loop.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace differential {

/// What programs raise; as in world.py.
struct error_a : std::exception {
    explicit error_a(int n) : number(n) {}
    int number;
};
struct error_b : error_a {
    using error_a::error_a;
};

std::string describe(const std::exception_ptr& error);
/// A cancellation that comes by way of several futures: which message it has is an accident in CPython.
template <class T>
weft::task<T> without_message(weft::task<T> aw) {
    try {
        co_return co_await std::move(aw);
    } catch (const weft::cancelled_error&) {
        throw weft::cancelled_error();
    }
}
/// Of one that is done.
std::string outcome(const weft::future<number>& f);

struct synchronisers;

/// The things that the tasks of one program share, and the logs.
class world {
public:
    explicit world(const program& p);
    ~world();
    /// Runs the program, and waits until each of its tasks has ended.
    weft::task<> run();
    std::string text() const;

    void log(const std::string& who, int site, const std::string& text);
    weft::clock::time_point at(number since_start) const { return start_ + std::chrono::nanoseconds(since_start); }
    number now() const { return (loop_.time() - start_).count(); }
    weft::event_loop& loop() const { return loop_; }

    /// What can be awaited by this number, if it is there.
    std::optional<weft::future<number>> thing(number n) const;
    number number_of(const weft::future<number>& thing) const;

    /// Calls `perform` of each action in a block, for a callback.
    void perform(const std::string& who, const block& b);

    struct listening {
        weft::future<number> to;
        std::uint64_t token;
    };
    std::map<number, weft::task_handle<number>> tasks;
    std::set<number> started;
    std::vector<weft::future<number>> futures;
    std::map<number, weft::timeout*> timeouts;
    std::map<number, weft::task_group*> groups;
    std::map<number, weft::handle> calls;
    std::map<number, listening> done_callbacks;
    std::unique_ptr<synchronisers> sync;

private:
    const program& program_;
    weft::event_loop& loop_;
    weft::clock::time_point start_;
    std::map<std::string, std::string> logs_;
};

/// What a coroutine of the program is doing.
class body {
public:
    body(world& w, number n) : around(w), who("t" + std::to_string(n)), value(n) {}

    void log(int site, const std::string& text) { around.log(who, site, text); }
    weft::task<bool> block(const differential::block& b);

    world& around;
    const std::string who;
    number value;
    std::vector<std::pair<std::size_t, weft::context_token<number>>> tokens;

private:
    weft::task<bool> statement(const differential::statement& s);
};

/// One task, from its start to its end.
weft::task<number> run_body(world& w, number n, const block& b);

/// How often the running task is being cancelled, to be logged.
std::string cancelling();
inline std::optional<std::chrono::nanoseconds> duration(number n) {
    return n == none ? std::nullopt : std::optional(std::chrono::nanoseconds(n));
}
template <class T>
std::string text(T n) {
    return std::to_string(n);
}

}  // namespace differential
