// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <new>
#include <utility>

// Generators written by hand that do only the thing measured: the practical limit. No check, no error to carry, no state
// to ask for, nothing kept of where they stand.

namespace minimal {

/// What a textbook has: frames by malloc, the element by pointer, exceptions straight out of resume().
template <class T>
class generator {
public:
    struct promise_type {
        T* element;

        generator get_return_object() noexcept {
            return generator(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(T& value) noexcept {
            element = &value;
            return {};
        }
        std::suspend_always yield_value(T&& value) noexcept { return yield_value(value); }
        void unhandled_exception() { throw; }
        void return_void() noexcept {}
    };

    generator(generator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    generator& operator=(generator&&) = delete;
    ~generator() {
        if (handle_) handle_.destroy();
    }
    bool next() {
        handle_.resume();
        return !handle_.done();
    }
    T& element() const noexcept { return *handle_.promise().element; }

private:
    explicit generator(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    std::coroutine_handle<promise_type> handle_;
};

/// Delegates: the outermost generator points at the innermost, which is resumed directly; from one to the next by symmetric
/// transfer. Frames from a free list, for one thread and without a bound.
class delegating {
public:
    class promise_type;
    class inner;

    explicit delegating(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    delegating(delegating&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    delegating& operator=(delegating&&) = delete;
    ~delegating() {
        if (handle_) handle_.destroy();
    }
    inline bool next();
    inline int element() const noexcept;

private:
    std::coroutine_handle<promise_type> handle_;
};

/// The awaiter of `co_yield generator`.
class delegating::inner {
public:
    explicit inner(delegating&& generator) noexcept : generator_(std::move(generator)) {}
    bool await_ready() const noexcept { return false; }
    inline std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> outer) const noexcept;
    void await_resume() const noexcept {}

private:
    delegating generator_;
};

class delegating::promise_type {
    static constexpr std::size_t class_bytes = 16;
    static inline void* free[64];

public:
    struct at_end {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> finished) const noexcept {
            promise_type& p = finished.promise();
            if (!p.parent) return std::noop_coroutine();
            p.parent->root = p.root;
            p.root->leaf = p.parent;
            return std::coroutine_handle<promise_type>::from_promise(*p.parent);
        }
        void await_resume() const noexcept {}
    };

    static void* operator new(std::size_t bytes) {
        void*& first = free[bytes / class_bytes];
        if (!first) return std::malloc(bytes);
        return std::exchange(first, *static_cast<void**>(first));
    }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
        ::new (frame) void*(std::exchange(free[bytes / class_bytes], frame));
    }

    delegating get_return_object() noexcept {
        return delegating(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    at_end final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(int value) noexcept {
        root->element = value;
        return {};
    }
    inner yield_value(delegating generator) noexcept { return inner(std::move(generator)); }
    void unhandled_exception() { throw; }
    void return_void() noexcept {}

    int element = 0;
    promise_type* parent = nullptr;
    promise_type* root = this;
    promise_type* leaf = this;
};

std::coroutine_handle<> delegating::inner::await_suspend(std::coroutine_handle<promise_type> outer) const noexcept {
    promise_type& p = generator_.handle_.promise();
    p.parent = &outer.promise();
    p.root = p.parent->root;
    p.root->leaf = &p;
    return generator_.handle_;
}

bool delegating::next() {
    std::coroutine_handle<promise_type>::from_promise(*handle_.promise().leaf).resume();
    return !handle_.done();
}
int delegating::element() const noexcept { return handle_.promise().element; }

}  // namespace minimal
