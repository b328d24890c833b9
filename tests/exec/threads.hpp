// SPDX-License-Identifier: Apache-2.0
// What tests with real threads are made of: every wait ends, by what it waits for or by failing the test.
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/task.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace weft_test {

/// Opens once; whoever waits goes on then.
class gate {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    bool is_open() const {
        const std::lock_guard lock(mutex_);
        return open_;
    }
    /// @return false, and a failure of the test, if nobody opens it
    bool wait() {
        std::unique_lock lock(mutex_);
        const bool opened = changed_.wait_for(lock, std::chrono::seconds(30), [&] { return open_; });
        EXPECT_TRUE(opened) << "a gate stayed shut";
        return opened;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

/// A call that says when it has begun, and ends when it may.
struct held_call {
    gate begun, may_end;
    int operator()() {
        begun.open();
        may_end.wait();
        return 7;
    }
};

/// What `f` gives, within the patience of a test.
template <class T>
T get(std::future<T> f) {
    if (f.wait_for(std::chrono::seconds(30)) != std::future_status::ready) throw std::runtime_error("it never came");
    return f.get();
}

/// A coroutine to be called that says when it waits, and how it ended.
struct callee {
    gate waits, ended;
    std::string how;
    bool swallows = false;

    weft::task<int> run() {
        const bool s = swallows;
        bool swallowed = false;
        try {
            waits.open();
            co_await weft::sleep(std::chrono::hours(24));
            how = "slept";
        } catch (const weft::cancelled_error&) {
            how = "cancelled";
            ended.open();
            if (!s) throw;
            swallowed = true;
        }
        co_return swallowed ? 1 : 0;
    }
};
inline const auto run_callee = [](callee& c) -> weft::task<int> { return c.run(); };

/// Counts how many of it live.
struct counted {
    explicit counted(std::atomic<int>& n) noexcept : alive(&n) { ++*alive; }
    counted(counted&& o) noexcept : alive(o.alive) { ++*alive; }
    counted(const counted& o) noexcept : alive(o.alive) { ++*alive; }
    counted& operator=(const counted&) = delete;
    ~counted() { --*alive; }
    std::atomic<int>* alive;
};

/// A loop that a thread of its own runs from the beginning to the end of this.
class other_loop {
public:
    explicit other_loop(std::unique_ptr<weft::event_loop> l = std::make_unique<weft::event_loop>())
        : loop_(std::move(l)), thread_([this] { loop_->run_forever(); }) {
        gate runs;
        loop_->call_soon_threadsafe([&] { runs.open(); });
        runs.wait();
    }
    other_loop(const other_loop&) = delete;
    other_loop& operator=(const other_loop&) = delete;
    ~other_loop() { stop(); }

    /// Ends its run; the loop stays open.
    void stop() {
        if (!thread_.joinable()) return;
        loop_->call_soon_threadsafe([this] { loop_->stop(); });
        thread_.join();
    }
    /// Runs `f` on its thread, and waits for that.
    void run_there(std::function<void()> f) {
        gate done;
        loop_->call_soon_threadsafe([&] {
            f();
            done.open();
        });
        done.wait();
    }
    weft::event_loop& operator*() const { return *loop_; }
    weft::event_loop* operator->() const { return loop_.get(); }
    std::thread::id thread_id() const { return thread_.get_id(); }

private:
    std::unique_ptr<weft::event_loop> loop_;
    std::thread thread_;
};

}  // namespace weft_test
