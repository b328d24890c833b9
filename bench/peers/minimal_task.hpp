// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <new>
#include <utility>

// Tasks written by hand that do only the thing measured: the practical limit. Frames from a free list, the ready list
// through the promises, a task's result in its promise. No cancellation, no error, no name, no registry, nothing kept of
// where anything stands; what would not be called in these benchmarks is not there.

namespace minimal {

/// Frames from a free list per size, for one thread and without a bound.
struct recycled_frame {
    static inline void* free[1024 / 16];
    static constexpr std::size_t class_of(std::size_t bytes) noexcept { return (bytes + 7) / 16; }

    static void* operator new(std::size_t bytes) {
        void*& first = free[class_of(bytes)];
        if (!first) return std::malloc(class_of(bytes) * 16 + 8);  // malloc's own sizes
        return std::exchange(first, *static_cast<void**>(first));
    }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
        ::new (frame) void*(std::exchange(free[class_of(bytes)], frame));
    }
};

/// What is ready and who waits: a promise is its own link in the ready list.
struct promise_base : recycled_frame {
    promise_base* next;
    std::coroutine_handle<> awaiter = nullptr;

    std::coroutine_handle<> handle() noexcept { return std::coroutine_handle<promise_base>::from_promise(*this); }
};

/// First in, first out.
struct ready_list {
    promise_base* first = nullptr;
    promise_base* last = nullptr;

    void push(promise_base& p) noexcept {
        p.next = nullptr;
        (first ? last->next : first) = &p;
        last = &p;
    }
    void run() {
        while (promise_base* p = first) {
            first = p->next;
            p->handle().resume();
        }
    }
};
inline constinit ready_list ready;

/// The last statement: straight on with whoever awaits.
struct at_end {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) const noexcept {
        const std::coroutine_handle<> awaiter = h.promise().awaiter;
        return awaiter ? awaiter : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
};

template <class T>
struct result_of {
    T result;
    void return_value(T value) noexcept { result = value; }
    T take() const noexcept { return result; }
};
template <>
struct result_of<void> {
    void return_void() const noexcept {}
    void take() const noexcept {}
};

/// Lazy: runs when it is awaited, or from start() on as a task of its own, which is then joined by an await.
template <class T = void>
class task {
public:
    struct promise_type : promise_base, result_of<T> {
        task get_return_object() noexcept { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        at_end final_suspend() noexcept { return {}; }
        void unhandled_exception() noexcept { std::terminate(); }
    };

    task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    task& operator=(task&&) = delete;
    ~task() {
        if (handle_) handle_.destroy();
    }

    void start() noexcept { ready.push(handle_.promise()); }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const noexcept {
        handle_.promise().awaiter = awaiting;
        return handle_;
    }
    T await_resume() const noexcept { return handle_.promise().take(); }

    class joining;
    joining join() const noexcept;
    bool done() const noexcept { return handle_.done(); }

private:
    explicit task(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    std::coroutine_handle<promise_type> handle_;
};

/// Waits for a started task.
template <class T>
class task<T>::joining {
public:
    explicit joining(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    bool await_ready() const noexcept { return handle_.done(); }
    void await_suspend(std::coroutine_handle<> awaiting) const noexcept { handle_.promise().awaiter = awaiting; }
    T await_resume() const noexcept { return handle_.promise().take(); }

private:
    std::coroutine_handle<promise_type> handle_;
};
template <class T>
typename task<T>::joining task<T>::join() const noexcept {
    return joining(handle_);
}

/// Goes to the end of the ready list.
struct yield {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) const noexcept {
        ready.push(h.promise());
    }
    void await_resume() const noexcept {}
};

/// Runs until nothing is ready.
inline void run(task<> main) {
    main.start();
    ready.run();
}

/// Two coroutines that hand control to each other by symmetric transfer, on and on.
class switching {
public:
    struct promise_type : recycled_frame {
        std::coroutine_handle<> other;
        switching get_return_object() noexcept {
            return switching(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void unhandled_exception() noexcept { std::terminate(); }
        void return_void() noexcept {}
    };
    struct to_other {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) const noexcept {
            return h.promise().other;
        }
        void await_resume() const noexcept {}
    };
    switching(switching&& o) noexcept : handle_(std::exchange(o.handle_, nullptr)) {}
    switching& operator=(switching&&) = delete;
    ~switching() {
        if (handle_) handle_.destroy();
    }
    static void run(switching& a, switching& b) {
        a.handle_.promise().other = b.handle_;
        b.handle_.promise().other = a.handle_;
        a.handle_.resume();
    }

private:
    explicit switching(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    std::coroutine_handle<promise_type> handle_;
};

/// One value on its way from one task to another.
class slot {
public:
    class putting;
    class getting;
    putting put(int value) noexcept;
    getting get() noexcept;

private:
    bool full_ = false;
    int value_ = 0;
    promise_base* waiting_ = nullptr;

    void wake() noexcept {
        if (waiting_) ready.push(*std::exchange(waiting_, nullptr));
    }
};
class slot::putting {
public:
    putting(slot& s, int value) noexcept : slot_(s), value_(value) {}
    bool await_ready() const noexcept { return !slot_.full_; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) const noexcept {
        slot_.waiting_ = &h.promise();
    }
    void await_resume() const noexcept {
        slot_.value_ = value_;
        slot_.full_ = true;
        slot_.wake();
    }

private:
    slot& slot_;
    int value_;
};
class slot::getting {
public:
    explicit getting(slot& s) noexcept : slot_(s) {}
    bool await_ready() const noexcept { return slot_.full_; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) const noexcept {
        slot_.waiting_ = &h.promise();
    }
    int await_resume() const noexcept {
        slot_.full_ = false;
        slot_.wake();
        return slot_.value_;
    }

private:
    slot& slot_;
};
inline slot::putting slot::put(int value) noexcept { return {*this, value}; }
inline slot::getting slot::get() noexcept { return getting(*this); }

}  // namespace minimal
