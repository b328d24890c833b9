// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/base/intrusive_list.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/coro/function_concepts.hpp>
#include <weft/loop/handle.hpp>
#include <weft/loop/loop_counters.hpp>
#include <weft/loop/loop_resource.hpp>
#include <weft/loop/loop_service.hpp>
#include <weft/loop/ready_queue.hpp>
#include <weft/loop/registry.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/loop/timer_queue.hpp>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0 {

class async_generator_core;
class backend;
class buffer_pool;
class descriptor_watch;
class executor;
class fork_guard;
class loop_observer;
class loop_remote;
class signal_inbox;

/// What the exception handler is told. @see loop.call_exception_handler
struct error_context {
    std::string message;              ///< what happened, in a sentence without a full stop
    std::exception_ptr exception{};   ///< may be null
    std::string task{};               ///< the task's name, if one is concerned
    std::vector<stack_frame> stack{};  ///< where it stands, if that is known
    std::optional<stack_frame> created_at{};  ///< where the task was created
};

/// Runs tasks and callbacks, keeps timers, and waits for the kernel: one loop is one thread. It may be made on one thread
/// and run on another; from the first run on it belongs to that thread, and only call_soon_threadsafe(), stop() by it,
/// and wake() may be called elsewhere. After fork() the child must make its own: using the parent's throws.
/// @see asyncio.AbstractEventLoop
class event_loop {
public:
    /// @throws std::system_error  the machine allows no backend, or not the one that WEFT_BACKEND names
    event_loop();
    explicit event_loop(std::unique_ptr<backend> b);
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;
    ~event_loop();

    // Running

    /// Runs until stop(). @throws invalid_state_error  it runs already, or is closed
    void run_forever();
    /// Runs until the task is done and gives its result.
    template <class T>
    T run_until_complete(task<T> body) {
        return run_until_complete(create_task_on(*this, std::move(body), std::source_location()));
    }
    template <class T>
    T run_until_complete(future<T> f);
    /// Runs until `f` is done, whatever came of it.
    void run_until(future_core& f);

    /// Ends run_forever() after the present turn.
    void stop() noexcept { stopping_ = true; }
    bool is_running() const noexcept { return running_; }
    bool is_closed() const noexcept { return closed_; }
    /// Destroys the tasks that are left (reporting each), closes every stream and server and the backend. Idempotent.
    /// @throws invalid_state_error  it runs
    void close();

    // Embedding in another loop

    /// One turn: waits for the kernel until something happens, a timer is due or `deadline`, whichever is first, then
    /// runs what is ready. Does not wait if something is ready. To be called on one thread.
    void run_once(clock::time_point deadline = clock::time_point::min());
    /// A descriptor that is readable when a turn would find something to do, but for what next_deadline() says: ask that
    /// before every wait.
    native_handle poll_fd();
    /// When the next turn is due: now if something is ready, the next timer's deadline, or time_point::max().
    clock::time_point next_deadline();
    /// Called before and after each wait for the kernel, in which no task is touched (a place to let go of a lock).
    void set_wait_hooks(std::function<void()> before_wait, std::function<void()> after_wait);

    // Callbacks and timers

    clock::time_point time() const noexcept { return to_time_point(now()); }
    /// Each runs `f` in `context` if one is given, else in a copy of the present one. Coroutine functions do not compile:
    /// a callback is not awaited. It may call spawn().
    template <class F>
        requires std::invocable<F&>
    handle call_soon(F f, std::optional<weft::context> context = std::nullopt) {
        require_callback<F>();
        check_open();
        check_thread();
        auto* const c = new callback_to<callback, F>(std::move(f), *this, std::move(context));
        take_from_other_threads();  // what came by call_soon_threadsafe() before this runs before it
        ready_.push(*c);
        return handle(*c);
    }
    /// From any thread. @throws invalid_state_error  the loop is closed
    template <class F>
        requires std::invocable<F&>
    handle call_soon_threadsafe(F f, std::optional<weft::context> context = std::nullopt) {
        require_callback<F>();
        return post(*new callback_to<callback, F>(std::move(f), *this, std::move(context), true));
    }
    template <class Rep, class Period, class F>
        requires std::invocable<F&>
    timer_handle call_later(std::chrono::duration<Rep, Period> delay, F f,
                            std::optional<weft::context> context = std::nullopt) {
        return call_at_nanos(deadline_after(now(), to_nanos(delay)), std::move(f), std::move(context));
    }
    template <class F>
        requires std::invocable<F&>
    timer_handle call_at(clock::time_point when, F f, std::optional<weft::context> context = std::nullopt) {
        return call_at_nanos(to_nanos(when), std::move(f), std::move(context));
    }

    /// Closes the async generators that were iterated on this loop and are still alive; what goes wrong, the exception
    /// handler hears. run() does this before it closes the loop. @see loop.shutdown_asyncgens
    task<> shutdown_asyncgens();

    // Blocking calls

    /// What to_thread() and run_in_executor() use when none is named; until one is set they make a thread_pool at their
    /// first call. The one before is let go.
    /// @throws std::invalid_argument  null  @see loop.set_default_executor
    void set_default_executor(std::shared_ptr<executor> e);
    /// Null while there is none. @throws invalid_state_error  shutdown_default_executor() was called
    executor* default_executor() const;
    /// Has the default executor take no more calls and waits, without blocking the loop, until it has made those it has.
    /// run() does this, for at most 300 s, before it closes the loop. What takes longer than `timeout` is reported to
    /// the exception handler and left to end by itself.
    /// @see loop.shutdown_default_executor
    task<> shutdown_default_executor(std::optional<clock::duration> timeout = std::nullopt);

    // Descriptors and signals

    /// Calls `f` in every turn in which `fd` is readable, until removed; replaces an earlier reader of `fd`. Remove it
    /// before `fd` is closed, or given to a stream, server or transport. A watch knows `fd` by its number: one that stays
    /// may go on with whatever gets that number next, and on io_uring keeps open what had it until then. If it cannot go
    /// on it calls `f` once more, and the exception handler hears that `fd` is watched no longer.
    /// @throws invalid_state_error  a stream, server, socket or transport of this loop has `fd`: two would take each
    ///         other's events; std::system_error  `fd` is closed, or (epoll) a file, which is always ready
    /// @cost independent of how many there are  @see loop.add_reader
    void add_reader(native_handle fd, std::function<void()> f);
    void add_writer(native_handle fd, std::function<void()> f);
    template <any_coroutine_function F>
    void add_reader(native_handle, F&&) {
        require_callback<F>();
    }
    template <any_coroutine_function F>
    void add_writer(native_handle, F&&) {
        require_callback<F>();
    }
    bool remove_reader(native_handle fd);
    bool remove_writer(native_handle fd);
    /// Calls `f` on the loop's thread after `signal` arrived; replaces an earlier handler of this loop. Other loops, and
    /// signal_streams, may have the same signal: each is told.
    /// @throws std::system_error  no such signal, or one that cannot be caught  @see signal_stream
    void add_signal_handler(int signal, std::function<void()> f);
    template <any_coroutine_function F>
    void add_signal_handler(int, F&&) {
        require_callback<F>();
    }
    /// Restores what the process did on `signal` before, unless somebody else has it too. @return false if there was no
    /// handler
    bool remove_signal_handler(int signal);
    /// Tells one registration from the next: 0 while `signal` has no handler here.
    std::uint64_t signal_registration(int signal) const;

    // Errors and debugging

    using exception_handler = std::function<void(event_loop&, const error_context&)>;
    /// null: the default one, which writes to stderr.
    void set_exception_handler(exception_handler h) { exception_handler_ = std::move(h); }
    /// Null: the default one. @see loop.get_exception_handler
    const exception_handler& get_exception_handler() const noexcept { return exception_handler_; }
    void call_exception_handler(const error_context& context) noexcept;
    /// Debug mode reports what takes longer than slow_callback_duration, refuses calls from a wrong thread, and reports
    /// tasks that were never awaited. On from the start where the environment has WEFT_DEBUG=1.
    /// @cost a look at the clock before and after every step of a task  @see loop.set_debug
    void set_debug(bool on) noexcept {
        debug_ = on;
        watches_steps_ = debug_ || observer_;
    }
    bool get_debug() const noexcept { return debug_; }
    /// How long a callback, or a task between two awaits, may take before debug mode reports it, and a flight_recorder
    /// writes what led to it if it is to.
    clock::duration slow_callback_duration = std::chrono::milliseconds(100);
    /// In debug mode: @throws invalid_state_error  this is not the loop's thread
    void check_thread() const {
        if (debug_) [[unlikely]]
            require_own_thread();
    }

    /// For tests: runs what is ready at the same time in a random order that `seed` determines.
    void shuffle(std::uint64_t seed) noexcept { shuffle_state_ = seed; }

    /// "io_uring" or "epoll"
    const char* backend_name() const noexcept;

    // For those who write awaitables

    nanos now() const noexcept;
    void make_ready(ready_node& node) noexcept { ready_.push(node); }
    /// As make_ready, from any thread.
    void make_ready_threadsafe(ready_node& node) noexcept;
    void add_timer(timer_node& t, nanos deadline) noexcept { timers_.add(t, deadline); }
    backend& operations() noexcept { return *backend_; }
    /// For what takes over a descriptor that users have opened, and closes it if that fails. @param who  the call
    /// @throws invalid_state_error  add_reader() or add_writer() had a callback for it, which is removed
    void require_unwatched(native_handle fd, const char* who);
    const std::shared_ptr<buffer_pool>& buffers() noexcept { return buffers_; }
    /// @throws std::system_error  it is made at the first call
    signal_inbox& signals();
    /// What resources are still sending that their owners have left.
    struct finishing_output {
        std::size_t resources = 0;  ///< some of them may only be taking leave of their peers
        std::uint64_t bytes = 0;
    };
    finishing_output finishing() noexcept;
    /// Tells the exception handler of each resource that is still sending, for it is about to be cut off.
    void report_unsent_output() noexcept;
    std::uint64_t next_token() noexcept { return ++last_token_; }
    void track(unretrieved_error& e) noexcept { unretrieved_.push_back(e); }
    void attach(loop_resource& r) noexcept { resources_.push_back(r); }
    /// The one service of this kind that the loop has, made now if there is none.
    loop_service& service(const loop_service_kind& kind);
    /// Puts one in the place of that which is there, if any: for tests.
    void set_service(const loop_service_kind& kind, std::unique_ptr<loop_service> service);
    void adopt(async_generator_core& g) noexcept;
    bool has_default_executor() const noexcept { return default_executor_ != nullptr; }
    bool has_async_generators() const noexcept { return !async_generators_.empty(); }
    task_registry& tasks() noexcept { return tasks_; }
    std::uint64_t tasks_created() const noexcept { return last_task_id_; }
    /// What the loop has done so far. @thread any
    const loop_counters& counters() const noexcept { return counters_; }
    /// What it has before it. @cost a look at each
    struct outstanding_work {
        std::size_t tasks = 0;  ///< that are not done
        std::size_t ready = 0;  ///< tasks and callbacks that can run
        std::size_t timers = 0;
        std::size_t operations = 0;  ///< that the kernel has
    };
    outstanding_work outstanding();
    /// Who is told what the loop does; null for nobody. It must go before the loop closes.
    void set_observer(loop_observer* o) noexcept;
    loop_observer* observer() const noexcept { return observer_; }
    /// It is closing, or has an observer: one look for both.
    bool heeds_wakes() const noexcept { return heeds_wakes_; }
    task_core* current_task() const noexcept { return tasks_.current(); }
    /// The context of what runs now: the task's, or the callback's. Null or empty if nothing was ever set in it.
    const context_reference* present_context() const noexcept {
        const task_core* const t = current_task();
        return t ? t->context() : &callback_context_;
    }
    context_reference& present_context_to_change() {
        task_core* const t = current_task();
        return t ? t->context_to_change() : callback_context_;
    }
    void run_callback_in(context_reference c) noexcept { callback_context_ = std::move(c); }
    bool is_closing() const noexcept { return closing_; }
    /// This loop as other threads may hold it, beyond its end. @thread any
    const std::shared_ptr<loop_remote>& remote() const noexcept { return remote_; }
    /// `calls` more (or fewer) are under way elsewhere whose ends another thread will post here: a virtual clock does not
    /// jump over them.
    void expect_from_elsewhere(int calls) noexcept;
    /// Its runner has begun to close it: nothing new is to be started here for other threads.
    bool is_ending() const noexcept { return ending_; }
    void begin_to_end() noexcept { ending_ = true; }
    void wake() noexcept;

    /// False only if what is scheduled now carries no context: a quick answer, for that is so mostly.
    static bool may_carry_context() noexcept {
        if (!this_thread_loop) return true;
        const context_reference* const present = this_thread_loop->present_context();
        return present && *present && !(*present)->empty();
    }

    /// The loop this thread is running; null if none.
    static event_loop* current() noexcept { return this_thread_loop; }

private:
    friend class task_core;
    friend void schedule_new_task(event_loop& loop, task_core& t, future_core& f);
    friend void schedule_new_task(event_loop& loop, task_core& t, future_core& f, task_options&& options);
    class running_scope;

    std::uint64_t thread_id();
    void turn(nanos deadline);
    bool wait(nanos deadline);
    int run_ready(int budget);
    void run_watched(ready_node& node);
    void run_timed(ready_node& node);
    void shuffle_ready();
    void discard_callbacks();
    void destroy_tasks();
    [[noreturn]] void on_deadlock();
    void check_open() const {
        if (closed_) [[unlikely]]
            throw_closed();
    }
    [[noreturn]] static void throw_closed();
    void admit(task_core& t, future_core& f);
    void require_own_thread() const;
    void check_usable();
    void take_from_other_threads() noexcept {
        if (from_other_threads_.load(std::memory_order_relaxed)) take_posted();
    }
    void take_posted() noexcept;
    handle post(callback& c);
    template <class F>
    static constexpr void require_callback() {
        static_assert(!any_coroutine_function<F>,
                      "weft: a loop calls a callback and awaits nothing: a coroutine function would make a coroutine "
                      "of which nothing runs; give it [=] { weft::spawn(f); }, with your coroutine function for f");
    }
    template <class F>
    timer_handle call_at_nanos(nanos when, F f, std::optional<weft::context>&& context) {
        require_callback<F>();
        check_open();
        check_thread();
        auto* const c = new callback_to<timed_callback, F>(std::move(f), *this, std::move(context));
        c->start(when);
        return timer_handle(*c);
    }
    void watch(native_handle fd, short events, std::function<void()> f);
    bool unwatch(native_handle fd, short events);
    std::function<void()> guarded(std::function<void()> f);

    // Declared in the order in which they are needed; destroyed in reverse.
    std::unique_ptr<fork_guard> fork_guard_;
    std::unique_ptr<backend> backend_;
    std::shared_ptr<buffer_pool> buffers_;
    task_registry tasks_;
    ready_queue ready_;  // with the flags, which are looked at as often, in a cache line
    bool watches_steps_ = false;  // debug mode, or an observer
    bool heeds_wakes_ = false;  // closing, or an observer
    bool running_ = false, stopping_ = false, ending_ = false, closing_ = false, closed_ = false;
    bool debug_ = false, embedded_ = false, executor_shut_down_ = false;
    timer_queue timers_;
    std::atomic<ready_node*> from_other_threads_{nullptr};  // a stack: the newest first
    std::shared_ptr<loop_remote> remote_;
    intrusive_list<loop_resource> resources_;
    intrusive_list<unretrieved_error> unretrieved_;
    intrusive_list<async_generator_core> async_generators_;  // those that live
    std::vector<std::unique_ptr<descriptor_watch>> watches_;  // of descriptor n: reader at 2n, writer at 2n + 1
    std::unique_ptr<signal_inbox> signals_;
    std::shared_ptr<executor> default_executor_;
    struct kept_service {
        const loop_service_kind* kind;
        std::unique_ptr<loop_service> service;
    };
    std::vector<kept_service> services_;
    context_reference callback_context_;
    std::uint64_t thread_id_ = 0;  // from the first run on
    std::uint64_t last_task_id_ = 0, last_token_ = 0;
    loop_counters counters_;
    loop_observer* observer_ = nullptr;
    std::function<void()> before_wait_, after_wait_;
    exception_handler exception_handler_;
    std::optional<std::uint64_t> shuffle_state_;
};

/// @throws no_running_loop_error
event_loop& get_running_loop();

template <class T>
T event_loop::run_until_complete(future<T> f) {
    run_until(f.state());
    if constexpr (std::is_copy_constructible_v<T>) {
        if (!f.state().has_one_reference()) return f.state().peek();  // the result is the other holders' as well
    }
    return f.state().take();
}

/// The task that runs now. @throws no_running_loop_error  no task runs on this thread
task_core& current_task_core();

}  // namespace weft::inline v0
