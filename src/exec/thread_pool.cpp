// SPDX-License-Identifier: Apache-2.0
#include "exec/thread_name.hpp"
#include "loop/fork_guard.hpp"

#include <weft/base/errors.hpp>
#include <weft/exec/thread_pool.hpp>

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace weft::inline v0 {

/// What a pool and its threads share. All under `mutex`, but for `name` and `fork`, which do not change.
struct thread_pool::state {
    std::mutex mutex;
    std::condition_variable work;  // a job was queued, or the pool shut down
    std::condition_variable left;  // a thread is leaving
    executor_job* first = nullptr;
    executor_job* last = nullptr;  // meaningless while the queue is empty
    std::size_t queued = 0;
    std::size_t idle = 0;  // threads that will look at the queue before anything else
    std::size_t alive = 0;  // threads that have not begun to leave
    std::size_t started = 0;
    std::vector<std::thread> threads;  // neither joined nor let go
    std::vector<std::move_only_function<void()>> ended;  // to be called by the last that leaves
    bool shut_down = false;
    bool let_go = false;  // nobody waits for the threads any more
    std::string name;
    fork_guard fork;

    void push(executor_job& job) noexcept;
    executor_job& pop() noexcept;
    static void work_on(const std::shared_ptr<state>& s, std::size_t number);
    void leave(std::unique_lock<std::mutex> lock);
};

void thread_pool::state::push(executor_job& job) noexcept {
    job.next = nullptr;
    (first ? last->next : first) = &job;
    last = &job;
    ++queued;
}

executor_job& thread_pool::state::pop() noexcept {
    executor_job& job = *first;
    first = job.next;
    --queued;
    return job;
}

namespace {

/// The pool that this thread works for.
constinit thread_local const void* own_pool = nullptr;

}  // namespace

/// A thread's life.
void thread_pool::state::work_on(const std::shared_ptr<state>& s, std::size_t number) {
    name_this_thread(s->name, number);
    own_pool = s.get();
    std::unique_lock lock(s->mutex);
    for (;;) {
        if (s->queued > 0) {
            executor_job& job = s->pop();
            lock.unlock();
            job.run();
            // Idle before the result is told, so that the next call of whoever hears it finds this thread and starts none.
            lock.lock();
            ++s->idle;
            lock.unlock();
            job.finish();
            lock.lock();
            --s->idle;
        } else if (s->shut_down) {
            return s->leave(std::move(lock));
        } else {
            ++s->idle;
            s->work.wait(lock);
            --s->idle;
        }
    }
}

void thread_pool::state::leave(std::unique_lock<std::mutex> lock) {
    std::vector<std::move_only_function<void()>> calls;
    if (--alive == 0) calls.swap(ended);
    left.notify_all();
    lock.unlock();
    for (auto& call : calls) call();
}

thread_pool::thread_pool(std::size_t max_threads, std::string thread_name)
    : max_threads_(max_threads), state_(std::make_shared<state>()) {
    if (max_threads == 0) throw std::invalid_argument("thread_pool: max_threads must be greater than 0");
    state_->name = std::move(thread_name);
}

thread_pool::~thread_pool() {
    if (state_->fork.in_child()) {
        // The threads stayed in the parent, perhaps with the mutex: nothing of this can be touched, or destroyed.
        (void)new std::shared_ptr<state>(std::move(state_));
        return;
    }
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->let_go) return;
    }
    shutdown();
}

void thread_pool::post(executor_job& job) {
    state& s = *state_;
    if (s.fork.in_child()) {
        throw invalid_state_error("this thread pool was made before fork(): a child process needs its own");
    }
    const std::lock_guard lock(s.mutex);
    if (s.shut_down) throw invalid_state_error("cannot take a call: the thread pool has been shut down");
    if (s.queued >= s.idle && s.alive < max_threads_) {
        try {
            s.threads.emplace_back(state::work_on, state_, s.started);
            ++s.started;
            ++s.alive;
        } catch (const std::system_error& e) {
            // With other threads the call is made all the same, later.
            if (s.alive == 0) throw std::system_error(e.code(), "thread pool: cannot start a thread");
        }
    }
    s.push(job);
    s.work.notify_one();
}

void thread_pool::shutdown(shutdown_options options) {
    state& s = *state_;
    if (s.fork.in_child()) return;
    executor_job* refused = nullptr;
    std::vector<std::thread> threads;
    {
        std::unique_lock lock(s.mutex);
        s.shut_down = true;
        if (!options.wait) s.let_go = true;
        if (options.cancel_pending) {
            refused = std::exchange(s.first, nullptr);
            s.queued = 0;
        }
        s.work.notify_all();
        threads.swap(s.threads);
    }
    while (refused) {
        executor_job& job = *refused;
        refused = job.next;
        job.refuse();
    }
    for (std::thread& t : threads) {
        if (!options.wait || t.get_id() == std::this_thread::get_id()) {
            t.detach();
        } else {
            t.join();
        }
    }
    if (!options.wait || own_pool == &s) return;
    std::unique_lock lock(s.mutex);
    s.left.wait(lock, [&] { return s.alive == 0; });  // those that another shutdown() is joining
}

void thread_pool::shutdown_then(std::move_only_function<void()> ended) {
    state& s = *state_;
    if (s.fork.in_child()) return ended();
    {
        const std::lock_guard lock(s.mutex);
        s.shut_down = true;
        s.work.notify_all();
        if (s.alive > 0) return s.ended.push_back(std::move(ended));
    }
    ended();
}

std::size_t thread_pool::thread_count() const {
    const std::lock_guard lock(state_->mutex);
    return state_->started;
}

std::size_t thread_pool::default_threads() noexcept {
    cpu_set_t usable;
    CPU_ZERO(&usable);
    // Fails where there are more processors than the set has room for.
    const std::size_t processors = ::sched_getaffinity(0, sizeof usable, &usable) == 0
                                       ? static_cast<std::size_t>(CPU_COUNT(&usable))
                                       : std::thread::hardware_concurrency();
    return std::min<std::size_t>(32, processors + 4);
}

}  // namespace weft::inline v0
