// SPDX-License-Identifier: Apache-2.0
#include "exec/thread_name.hpp"
#include "loop/loop_remote.hpp"

#include <weft/base/errors.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/exec/run_sharded.hpp>

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace weft::inline v0 {

namespace {

/// One shard's own: of its thread, but for its loop's inbox.
struct shard_member {
    explicit shard_member(const run_options& options)
        : runs(std::make_unique<event_loop>(), options),
          loop(runs.get_loop()),
          all_ended(loop),
          cancel(*this),
          end(*this) {
        if (options.debug) loop.set_debug(*options.debug);
    }

    struct message : ready_node {
        message(shard_member& m, void (*f)(ready_node&)) noexcept : to(m) { run = f; }
        shard_member& to;
    };
    /// Another main has failed.
    struct cancel_message : message {
        explicit cancel_message(shard_member& m) noexcept : message(m, arrived) {}
        static void arrived(ready_node& node) {
            shard_member& self = static_cast<cancel_message&>(node).to;
            self.cancelled = true;
            if (self.main) self.main->cancel();
        }
    };
    /// All mains have ended.
    struct end_message : message {
        explicit end_message(shard_member& m) noexcept : message(m, arrived) {}
        static void arrived(ready_node& node) { static_cast<end_message&>(node).to.all_ended.set_result(); }
    };

    runner runs;
    event_loop& loop;
    future<> all_ended;
    cancel_message cancel;
    end_message end;
    task_core* main = nullptr;  // while the user's part of it runs
    bool cancelled = false;  // because another one failed
    bool has_ended = false;
};

struct shard_error {
    std::size_t index;
    std::exception_ptr error;
};

}  // namespace

class shard_group {
public:
    shard_group(std::size_t n, const run_options& options) {
        for (std::size_t i = 0; i < n; ++i) members_.push_back(std::make_unique<shard_member>(options));
        left_ = n;
    }

    std::size_t size() const noexcept { return members_.size(); }
    shard_member& member(std::size_t i) noexcept { return *members_[i]; }

    /// Runs one shard from beginning to end, on its thread.
    void run(std::size_t i, task<> main) noexcept;
    /// The user's part of a main has ended, or never will begin. On its thread, or before that is there.
    void ended(std::size_t i) noexcept;
    /// Notes an error; the first one cancels the others.
    void failed(std::size_t i, std::exception_ptr error) noexcept;
    void rethrow();

private:
    std::vector<std::unique_ptr<shard_member>> members_;
    std::mutex mutex_;
    std::size_t left_;  // mains that have not ended
    std::vector<shard_error> errors_;  // in the order in which they happened
};

void shard_group::ended(std::size_t i) noexcept {
    if (std::exchange(members_[i]->has_ended, true)) return;
    const std::lock_guard lock(mutex_);
    if (--left_ > 0) return;
    for (const auto& m : members_) m->loop.remote()->post(m->end);
}

void shard_group::failed(std::size_t i, std::exception_ptr error) noexcept {
    const std::lock_guard lock(mutex_);
    const bool first = errors_.empty();
    errors_.push_back({i, std::move(error)});
    if (!first) return;
    for (const auto& m : members_) {
        if (m != members_[i]) m->loop.remote()->post(m->cancel);
    }
}

namespace {

/// The main task of a shard: the user's part, and then, whatever comes, the wait for all the others.
task<> shard_main(std::shared_ptr<shard_group> group, std::size_t i, const std::function<task<>(shard)>& main) {
    shard_member& self = group->member(i);
    std::exception_ptr error;
    if (!self.cancelled) {
        self.main = &current_task_core();
        try {
            co_await main(shard(group, i));
        } catch (...) {
            error = std::current_exception();
        }
        self.main = nullptr;
    }
    if (self.cancelled && is_cancellation(error)) error = nullptr;
    const bool stopped = self.has_ended;  // the loop was, and this runs because it is closing
    if (error && !stopped) group->failed(i, error);
    group->ended(i);
    while (!self.all_ended.done()) {
        std::exception_ptr interrupted;
        try {
            co_await done_awaiter(self.all_ended.state());
        } catch (const cancelled_error&) {
            interrupted = std::current_exception();
        }
        if (!interrupted || self.cancelled || stopped || error) continue;
        error = interrupted;
        group->failed(i, error);
    }
    if (error) std::rethrow_exception(error);
}

}  // namespace

void shard_group::run(std::size_t i, task<> main) noexcept {
    shard_member& self = *members_[i];
    std::exception_ptr error;
    try {
        self.runs.run(std::move(main));
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        std::unique_lock lock(mutex_);
        const auto known = std::ranges::find(errors_, i, &shard_error::index);
        if (known != errors_.end()) {
            known->error = std::move(error);  // the same, or the keyboard_interrupt that runner::run makes of it
        } else {
            lock.unlock();
            failed(i, std::move(error));  // the loop's own: it was stopped, say
        }
    }
    ended(i);
    error = nullptr;
    try {
        self.runs.close();
    } catch (...) {
        error = std::current_exception();
    }
    if (error) failed(i, std::move(error));
}

/// Throws the error, or all of them. A cancellation (Ctrl-C, say) is not one of several errors: it leaves alone, and the
/// others are reported.
void shard_group::rethrow() {
    if (errors_.empty()) return;
    if (errors_.size() == 1) std::rethrow_exception(errors_.front().error);
    const auto alone = std::ranges::find_if(errors_, is_cancellation, &shard_error::error);
    if (alone == errors_.end()) {
        std::vector<std::exception_ptr> all;
        for (const shard_error& e : errors_) all.push_back(e.error);
        throw exception_group("errors in several shards", std::move(all));
    }
    for (auto e = errors_.begin(); e != errors_.end(); ++e) {
        if (e == alone) continue;
        members_[e->index]->loop.call_exception_handler(
            {.message = "shard " + std::to_string(e->index) + " failed while all were cancelled",
             .exception = e->error});
    }
    std::rethrow_exception(alone->error);
}

shard::shard(std::shared_ptr<shard_group> group, std::size_t index) noexcept
    : group_(std::move(group)), index_(index) {}
std::size_t shard::size() const noexcept { return group_->size(); }
event_loop& shard::loop() const noexcept { return group_->member(index_).loop; }
shard shard::peer(std::size_t index) const {
    if (index < size()) return {group_, index};
    throw std::out_of_range("shard " + std::to_string(index) + " of " + std::to_string(size()));
}

void run_shards(std::size_t n, const std::function<task<>(shard)>& main, const run_options& options) {
    if (n == 0) throw std::invalid_argument("run_sharded: there must be at least 1 shard");
    if (event_loop::current()) throw invalid_state_error("run_sharded() cannot be called from a running event loop");
    const auto group = std::make_shared<shard_group>(n, options);
    std::vector<std::thread> threads;
    threads.reserve(n - 1);
    std::optional<std::size_t> unstarted;
    for (std::size_t i = 1; i < n && !unstarted; ++i) {
        try {
            threads.emplace_back([&group, &main, i, variables = present_variables()] {
                name_this_thread("weft-shard", i);
                const call_context context(variables);  // as the calling thread's is shard 0's
                group->run(i, shard_main(group, i, main));
            });
        } catch (const std::system_error& e) {
            unstarted = i;
            group->failed(i,
                          std::make_exception_ptr(std::system_error(e.code(), "run_sharded: cannot start a thread")));
        }
    }
    if (unstarted) {
        for (std::size_t i = *unstarted; i < n; ++i) group->ended(i);
    }
    group->run(0, shard_main(group, 0, main));
    for (std::thread& t : threads) t.join();
    group->rethrow();
}

}  // namespace weft::inline v0
