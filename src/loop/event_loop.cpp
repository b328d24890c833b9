// SPDX-License-Identifier: Apache-2.0
#include "base/buffer_pool.hpp"
#include "loop/backend.hpp"
#include "loop/descriptor_watch.hpp"
#include "loop/fork_guard.hpp"
#include "loop/loop_observer.hpp"
#include "loop/loop_remote.hpp"
#include "loop/signal_inbox.hpp"

#include <weft/coro/async_generator_core.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/executor.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::inline v0 {

constinit thread_local event_loop* this_thread_loop = nullptr;

namespace {

/// How many ready nodes run between two looks at the kernel: asking costs some hundred nanoseconds, running a node a few.
/// More where the last look has found nothing.
constexpr int nodes_per_turn = 256;
constexpr int nodes_per_quiet_turn = 1024;

bool debug_asked_for() {
    const char* value = std::getenv("WEFT_DEBUG");
    return value && *value && std::string_view(value) != "0";
}

}  // namespace

/// Makes a loop the thread's current one for a while.
class event_loop::running_scope {
public:
    explicit running_scope(event_loop& loop) : loop_(loop) {
        loop.check_open();
        if (loop.running_) throw invalid_state_error("this event loop is already running");
        if (this_thread_loop)
            throw invalid_state_error("cannot run an event loop while another one is running on this thread");
        loop.check_usable();
        this_thread_loop = &loop;
        loop.running_ = true;
        loop.tasks_.runs_on_thread(loop.thread_id());
    }
    running_scope(const running_scope&) = delete;
    running_scope& operator=(const running_scope&) = delete;
    ~running_scope() {
        loop_.tasks_.runs_on_thread(0);
        loop_.tasks_.set_phase(loop_phase::stopped);
        loop_.running_ = false;
        loop_.stopping_ = false;
        loop_.tasks_.set_current(nullptr);
        this_thread_loop = nullptr;
    }

private:
    event_loop& loop_;
};

event_loop::event_loop() : event_loop(make_backend()) {}

event_loop::event_loop(std::unique_ptr<backend> b)
    : fork_guard_(std::make_unique<fork_guard>()),
      backend_(std::move(b)),
      buffers_(backend_->buffers()),
      tasks_(this, backend_->name(), backend_->has_virtual_clock(), backend_->now()),
      watches_steps_(debug_asked_for()),
      debug_(watches_steps_),
      timers_(backend_->now()),
      remote_(std::make_shared<loop_remote>(*this)) {}

event_loop::~event_loop() {
    if (!closed_) close();
}

event_loop& get_running_loop() {
    if (!this_thread_loop) throw no_running_loop_error();
    return *this_thread_loop;
}

task_core& current_task_core() {
    task_core* const t = get_running_loop().current_task();
    if (!t) throw no_running_loop_error("no running task");
    return *t;
}

const char* event_loop::backend_name() const noexcept { return backend_->name(); }
nanos event_loop::now() const noexcept { return backend_ ? backend_->now() : to_nanos(clock::now()); }

void event_loop::throw_closed() { throw invalid_state_error("event loop is closed"); }

void event_loop::check_usable() {
    if (fork_guard_->in_child()) {
        throw invalid_state_error("this event loop was made before fork(): a child process needs its own");
    }
}

/// The kernel's name of the loop's thread. Asked for once: an embedded loop begins to run in every turn.
std::uint64_t event_loop::thread_id() {
    if (thread_id_ == 0) thread_id_ = static_cast<std::uint64_t>(::syscall(SYS_gettid));
    return thread_id_;
}

// Running

void event_loop::run_forever() {
    running_scope scope(*this);
    do {
        turn(stopping_ ? 0 : never);  // stopped before it runs: one turn that does not wait
    } while (!stopping_);
    stopping_ = false;
}

void event_loop::run_until(future_core& f) {
    if (f.loop_or_null() != this)
        throw invalid_state_error("run_until_complete: the future belongs to a different loop");
    running_scope scope(*this);
    struct stop_when_done final : future_listener {
        stop_when_done(event_loop& l, future_core& awaited) noexcept : future_listener(notified), loop(l) {
            if (!awaited.done()) awaited.listen(*this);
        }
        static void notified(future_listener& l, future_core*) {
            static_cast<stop_when_done&>(l).loop.stopping_ = true;
        }
        event_loop& loop;
    };
    const stop_when_done after_its_batch(*this, f);
    while (!f.done() && !stopping_) turn(never);
    if (std::exchange(stopping_, false) && !f.done()) {
        throw invalid_state_error("event loop stopped before the future completed");
    }
}

void event_loop::run_once(clock::time_point deadline) {
    running_scope scope(*this);
    turn(to_nanos(deadline));
    if (embedded_) backend_->flush();
}

native_handle event_loop::poll_fd() {
    check_open();
    embedded_ = true;
    return backend_->poll_fd();
}

clock::time_point event_loop::next_deadline() {
    if (embedded_ && backend_) backend_->flush();  // what was submitted between turns: poll_fd() knows of nothing else
    const bool busy = !ready_.empty() || (backend_ && backend_->has_happened());
    return busy ? time() : to_time_point(timers_.next_deadline());
}

void event_loop::set_wait_hooks(std::function<void()> before_wait, std::function<void()> after_wait) {
    before_wait_ = std::move(before_wait);
    after_wait_ = std::move(after_wait);
}

/// Kernel, timers, then what is ready.
void event_loop::turn(nanos deadline) {
    check_usable();
    if (!ready_.empty()) {
        deadline = 0;
    } else if (const nanos timer = timers_.next_deadline(); timer < deadline) {
        deadline = timer;
    }
    if (observer_) [[unlikely]]
        observer_->waits();
    tasks_.set_phase(loop_phase::waits);
    const bool may_continue = wait(deadline);
    const nanos began = now();
    tasks_.turn_begins(began);
    if (observer_) [[unlikely]]
        observer_->waited(began);
    const int budget = backend_->has_happened() ? nodes_per_turn : nodes_per_quiet_turn;
    backend_->dispatch();
    take_from_other_threads();
    timers_.advance(began);
    const int steps = run_ready(budget);
    counters_.iterations.add(1);
    if (steps > 0) {
        counters_.steps.add(static_cast<unsigned>(steps));
        counters_.note_lag(now() - began);
    }
    if (observer_) [[unlikely]]
        observer_->turned(steps);
    if (steps == 0 && !may_continue) on_deadlock();
}

/// Waits for the kernel between the hooks, which come in pairs even if waiting fails.
bool event_loop::wait(nanos deadline) {
    struct after {
        const std::function<void()>& hook;
        ~after() {
            if (hook) hook();
        }
    };
    if (before_wait_) before_wait_();
    const after paired{after_wait_};
    return backend_->wait(deadline);
}

/// Runs what is ready now, then what that made ready, and so on until `budget` nodes have run: what becomes ready while a
/// batch runs waits for the next one, as in asyncio.
/// @return how many
int event_loop::run_ready(const int budget) {
    int left = budget;
    while (!ready_.empty() && left > 0) {
        if (shuffle_state_) [[unlikely]]
            shuffle_ready();
        ready_batch batch(ready_);
        for (; ready_node* const node = batch.take(); --left) {
            if (watches_steps_) [[unlikely]] {
                run_watched(*node);
            } else {
                node->run(*node);  // may end and free the node
            }
        }
        if (stopping_) break;
    }
    return budget - left;
}

void event_loop::require_own_thread() const {
    if (this_thread_loop == this || (!running_ && !this_thread_loop)) return;
    throw invalid_state_error(
        "non-thread-safe operation on an event loop other than the current one: use call_soon_threadsafe()");
}

/// Fisher and Yates, by splitmix64.
void event_loop::shuffle_ready() {
    std::vector<ready_node*> batch;
    while (!ready_.empty()) batch.push_back(&ready_.pop());
    for (std::size_t left = batch.size(); left > 1; --left) {
        std::uint64_t z = (*shuffle_state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        std::swap(batch[left - 1], batch[(z ^ (z >> 31)) % left]);
    }
    for (ready_node* node : batch) ready_.push(*node);
}

void event_loop::wake() noexcept {
    if (backend_) backend_->wake();
}

void event_loop::make_ready_threadsafe(ready_node& node) noexcept {
    ready_node* newest = from_other_threads_.load(std::memory_order_relaxed);
    do {
        node.next = newest;
        // release: publishes what the node carries to the loop's thread
    } while (!from_other_threads_.compare_exchange_weak(newest, &node, std::memory_order_release,
                                                        std::memory_order_relaxed));
    if (!newest) backend_->wake();  // else whoever pushed the first has
}

void event_loop::take_posted() noexcept {
    ready_node* node = from_other_threads_.exchange(nullptr, std::memory_order_acquire);
    ready_node* oldest = nullptr;
    while (node) {
        ready_node* const next = node->next;
        node->next = oldest;
        oldest = node;
        node = next;
    }
    while (oldest) {
        ready_node* const next = oldest->next;
        if (observer_) [[unlikely]] {
            if (const task_core* const task = task_core::from(*oldest)) observer_->woken(*task, true);
        }
        ready_.push(*oldest);
        oldest = next;
    }
}

// Callbacks

handle event_loop::post(callback& c) {
    handle h(c);
    if (!remote_->post(c)) {  // closed_ is for the loop's own thread to read
        c.drop_reference();
        throw invalid_state_error("event loop is closed");
    }
    return h;
}

// Closing

event_loop::finishing_output event_loop::finishing() noexcept {
    finishing_output all;
    for (loop_resource& r : resources_) {
        if (!r.is_finishing()) continue;
        ++all.resources;
        all.bytes += r.unsent_bytes();
    }
    return all;
}

void event_loop::report_unsent_output() noexcept {
    try {
        std::vector<std::string> messages;  // first: the handler may do anything to the resources
        for (loop_resource& r : resources_) {
            if (!r.is_finishing() || r.unsent_bytes() == 0) continue;
            const std::string to = r.output_name();
            messages.push_back("the loop closes before " + std::to_string(r.unsent_bytes()) +
                               " bytes that were written" + (to.empty() ? "" : " to " + to) + " are sent");
        }
        for (std::string& m : messages) call_exception_handler({.message = std::move(m)});
    } catch (const std::bad_alloc&) {  // of a message
        call_exception_handler({.message = {}, .exception = std::current_exception()});
    }
}

/// Drops what is ready without running it; tasks are left alone.
void event_loop::discard_callbacks() {
    take_from_other_threads();
    while (!ready_.empty()) {
        ready_node& node = ready_.pop();
        if (!task_core::from(node)) node.run(node);
    }
}

void event_loop::close() {
    if (closed_) return;
    if (running_) throw invalid_state_error("cannot close a running event loop");
    closing_ = heeds_wakes_ = true;
    if (fork_guard_->in_child()) backend_->abandon();
    event_loop* const outer = std::exchange(this_thread_loop, this);  // destructors in frames may ask for their loop
    discard_callbacks();
    destroy_tasks();
    while (!unretrieved_.empty()) unretrieved_.pop_front().owner.report_if_never_retrieved();
    while (!resources_.empty()) resources_.pop_front().loop_closes();
    if (default_executor_) default_executor_->shutdown({.wait = false});
    default_executor_.reset();
    services_.clear();
    if (!fork_guard_->in_child()) remote_->close();  // a child's copy may be locked by a thread that it has not got
    timers_.advance(never);  // the frames that slept are gone: what is left is callbacks, which are not called any more
    discard_callbacks();
    destroy_tasks();  // those that destructors and the exception handler have made meanwhile
    signals_.reset();
    watches_.clear();
    backend_.reset();
    this_thread_loop = outer;
    closed_ = true;
}

}  // namespace weft::inline v0
