// SPDX-License-Identifier: Apache-2.0
#include "fiber/hook_table.hpp"

#include "fiber/fiber_thread.hpp"
#include "fiber/fiber_title.hpp"
#include "fiber/hook_wait.hpp"

#include <weft/base/errors.hpp>
#include <weft/exec/to_thread.hpp>
#include <weft/fiber/await.hpp>
#include <weft/loop/cancel_scope.hpp>

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <source_location>
#include <string_view>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

/// C code that is told so often in a row that it is cancelled, and tries again, may wait after all.
constexpr unsigned refusals_at_most = 100;

/// The fiber that has called fork(), in the child: there is no loop for it to wait on.
constinit std::atomic<const fiber_promise*> stranded{nullptr};

fiber_promise* present() noexcept {
    const fiber_thread* const t = fiber_thread::here_or_null();
    return t ? t->current->promise() : nullptr;
}

bool is_being_destroyed() noexcept { return fiber_thread::here().current->is_closing(); }

void* current() noexcept {
    fiber_promise* const p = present();
    if (!p || p->awaits() || p == stranded.load(std::memory_order_relaxed)) return nullptr;
    return p;
}

/// What C code is told at once, without waiting. @return 0: it may wait
int refuse(fiber_promise& p, bool cancellable) noexcept {
    if (is_being_destroyed()) {
        if (++p.refusals_at_end <= refusals_at_most) return -ECANCELED;
        std::fprintf(stderr, "weft: a fiber that is being destroyed goes on waiting, and cannot be\n");
        std::terminate();
    }
    return cancellable && p.owes() && ++p.refusals <= refusals_at_most ? -ECANCELED : 0;
}

/// Awaits, and makes error codes of what must not go through C code.
template <class Wait>
int waited(fiber_promise& p, bool cancellable, Wait&& wait) noexcept {
    if (const int refused = refuse(p, cancellable)) return refused;
    std::exception_ptr owed = p.take_owed();
    int result = -ECANCELED;
    try {
        result = wait();
    } catch (const cancelled_error&) {
        if (!owed) owed = std::current_exception();
        if (!cancellable) result = 1;
    } catch (const fiber_exit&) {  // comes again at the next wait
    } catch (const std::bad_alloc&) {
        result = -ENOMEM;
    } catch (const std::system_error& e) {
        result = e.code().value() > 0 ? -e.code().value() : -EAGAIN;
    } catch (...) {
        result = -EAGAIN;
    }
    if (owed) p.owe(std::move(owed));
    return result;
}

weft_hook_parking* begin() noexcept {
    event_loop* const loop = event_loop::current();
    return loop ? new (std::nothrow) weft_hook_parking(*loop) : nullptr;
}

int wait(weft_hook_parking* parking, const pollfd* descriptors, unsigned count, long long nanoseconds,
         unsigned flags) noexcept {
    fiber_promise& p = *present();
    const bool cancellable = flags & weft_hook_cancellable;
    const int result = waited(p, cancellable, [&] {
        std::optional<cleanup_shield> shield;  // a cancelled scope would end each wait at once
        if (!cancellable || p.refusals > refusals_at_most) shield.emplace(event_loop::current()->current_task());
        hook_wait w(parking, {descriptors, count}, nanoseconds);
        return await(w);
    });
    if (parking) parking->woken.store(false);
    return result;
}

/// A C function with what it is called with.
class foreign_call {
public:
    foreign_call(void (*run)(void*), void (*end)(void*), void* context) noexcept
        : run_(run), end_(end), context_(context) {}
    foreign_call(foreign_call&& other) noexcept
        : run_(other.run_), end_(other.end_), context_(std::exchange(other.context_, nullptr)) {}
    foreign_call& operator=(foreign_call&&) = delete;
    ~foreign_call() {
        if (context_) end_(context_);
    }
    void operator()() const { run_(context_); }

private:
    void (*run_)(void*);
    void (*end_)(void*);
    void* context_;
};

int elsewhere(void (*run)(void*), void (*end)(void*), void* context, unsigned flags) noexcept {
    foreign_call call(run, end, context);
    const bool cancellable = flags & weft_hook_cancellable;
    if (!cancellable && is_being_destroyed()) return -ECANCELED;  // it will not wait: it is no attempt to go on
    return waited(*present(), cancellable, [&] {
        std::optional<cleanup_shield> shield;
        if (!cancellable) shield.emplace(event_loop::current()->current_task());
        await(to_thread(std::move(call)));
        return 0;
    });
}

long long now() noexcept { return event_loop::current()->now(); }

int describe(char* text, unsigned long size) noexcept {
    const fiber_title title(*fiber_thread::here().current);
    const std::string_view name = title.name().empty() ? "a fiber" : title.name();
    const int bytes = static_cast<int>(name.size());
    const std::source_location made_at = title.made_at();
    if (made_at.line() == 0) return std::snprintf(text, size, "%.*s", bytes, name.data());
    return std::snprintf(text, size, "%.*s made at %s:%u", bytes, name.data(), made_at.file_name(), made_at.line());
}

void leave_if_destroyed() {
    if (is_being_destroyed() && present()->refusals_at_end > 0) throw fiber_exit();
}

constexpr weft_hook_table table = {
    .version = 1,
    .current = current,
    .begin = begin,
    .hold = [](weft_hook_parking* p) { p->hold(); },
    .wake = [](weft_hook_parking* p) { p->wake(); },
    .let_go = [](weft_hook_parking* p) { p->let_go(); },
    .wait = wait,
    .elsewhere = elsewhere,
    .closing = descriptor_hub::closing,
    .now = now,
    .describe = describe,
    .leave_if_destroyed = leave_if_destroyed,
};

bool offer() noexcept {
    const auto take = reinterpret_cast<weft_hook_offer_function>(::dlsym(RTLD_DEFAULT, "weft_hook_offer"));
    if (!take) return false;
    ::pthread_atfork(nullptr, nullptr, [] { stranded.store(present()); });
    take(&table);
    return true;
}

}  // namespace

void offer_hook_table() noexcept { [[maybe_unused]] static const bool is_there = offer(); }

}  // namespace weft::inline v0
