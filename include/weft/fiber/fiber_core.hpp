// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/coro/frame_memory.hpp>
#include <weft/fiber/fiber_stack.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>

namespace weft::inline v0 {

class fiber_core;
class fiber_promise;
struct fiber_thread;

/// Raised where a fiber is suspended when it is closed or destroyed. Let it pass, or clean up and either return or throw
/// it on: who swallows it and switches away gets it again. Like generator_exit it is no std::exception.
/// @see greenlet.GreenletExit
class fiber_exit {};

/// Where a fiber stands. One that has switched to another is suspended.
enum class fiber_state : std::uint8_t {
    created,  ///< the body has not begun
    running,  ///< it is the one that runs on this thread
    suspended,  ///< at a switch_to
    finished,  ///< the body has ended, or never will begin
};

struct fiber_options {
    std::string name = {};  ///< for messages
    /// Reserved, and committed as it is used. Functions of C libraries are used to plenty.
    std::size_t stack_bytes = 256 * 1024;
    /// Memory below the stack that cannot be touched, so that an overflow is a message and not damage.
    bool guarded = true;
};

/// With what a switch returns: where the value lies, on the stack of the fiber that sends it, or null if an exception is to
/// be raised; and the fiber that has ended in sending it, or null.
struct arrival {
    void* value;
    fiber_core* ended;
};

/// What a fiber is to do with the callable that lies on its stack.
struct fiber_body {
    const std::type_info* type;  ///< of what it is switched to with
    void (*run)(fiber_core& self, arrival first) noexcept;  ///< never returns: see fiber_core::end()
    void (*destroy)(void* callable) noexcept;
};

/// A fiber, as those see it that do not know what values it exchanges. The thread's own stack is one too, which nobody has
/// made and which never ends: the root.
///
/// Invariants: exactly one fiber of a thread runs. One can be switched to if `expects_` says what it waits for. A
/// parent has not finished: its children get its parent when it does.
/// @thread the one that made it
class fiber_core : private list_node {
public:
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { deallocate_frame(memory, bytes); }

    /// @throws std::system_error, std::bad_alloc: there is no memory for a stack
    fiber_core(const fiber_options& options, std::source_location made_at);
    fiber_core(const fiber_core&) = delete;
    fiber_core& operator=(const fiber_core&) = delete;
    /// Closes it. What its body throws meanwhile is written to stderr.
    ~fiber_core();

    /// Who runs on this thread.
    static fiber_core& current();

    fiber_state state() const noexcept;
    const std::string& name() const noexcept { return name_; }
    /// Where it switched away; where it was made, if it has not begun.
    std::source_location where() const noexcept { return where_; }
    std::source_location made_at() const noexcept { return made_at_; }
    const fiber_stack& stack() const noexcept { return stack_; }
    bool is_root() const noexcept { return !parent_; }
    bool is_of_this_thread() const noexcept;
    /// Null for the root.
    fiber_core* parent() const noexcept { return parent_; }
    /// @throws std::invalid_argument  it is the root, or would become its own ancestor; invalid_state_error  either has finished
    void set_parent(fiber_core& parent);

    /// Room for the callable, at the top of its stack. @throws std::bad_alloc  it is larger than half of that
    void* reserve(std::size_t bytes, std::size_t alignment);
    /// The callable is there.
    void be_ready(const fiber_body& body, void* callable) noexcept;
    void* callable() const noexcept { return callable_; }

    /// Suspends whoever runs, which then waits for a `type`, and goes on here with a value of that type.
    /// @throws invalid_state_error  this cannot take it: it has finished, belongs to another thread, or waits for another type
    /// @throws fiber_exit           who runs is being closed
    arrival switch_here(const std::type_info& type, void* value, std::source_location where);
    /// The same, but `error` is raised here.
    arrival raise_here(const std::type_info& type, std::exception_ptr error, std::source_location where);

    /// Raises fiber_exit here, and returns when the body has ended.
    /// @throws what it throws in its place; invalid_state_error  it runs, or waits for one that it closes
    void close();

    /// What is raised in the running fiber, which `arrival` has brought no value.
    [[noreturn, gnu::cold]] static void raise_arrived(fiber_core* ended);
    /// This fiber has ended, and what it handed over was taken.
    void let_go_of_stack() noexcept;

    /// As what it waits on a loop; null: it does not.
    fiber_promise* promise() const noexcept { return promise_; }
    void be_promised(fiber_promise* promise) noexcept { promise_ = promise; }

    // For bodies, which run on its stack:

    bool is_closing() const noexcept { return closer_ != nullptr; }
    /// Whether who goes on after it wants a result of that type; otherwise end() is to be called without.
    bool result_is_wanted(const std::type_info& type) noexcept;
    /// Goes on where the result, or else `error`, is due.
    [[noreturn]] void end(void* result, std::exception_ptr& error, const std::type_info& type) noexcept;

private:
    friend struct fiber_thread;
    friend class fiber_promise;  // tells other processes where the stack pointer is kept
    friend class intrusive_list<fiber_core>;

    /// What the C++ runtime knows of exceptions that are being handled or in flight: `__cxa_eh_globals` of the Itanium C++ ABI.
    struct exception_state {
        void* caught = nullptr;
        unsigned uncaught = 0;

        std::uintptr_t bits() const noexcept { return reinterpret_cast<std::uintptr_t>(caught) | uncaught; }
    };

    explicit fiber_core(fiber_thread& thread) noexcept;  // the root
    static void begin(fiber_core& self, void* value, fiber_core* ended) noexcept;
    arrival leave_for(fiber_core& next, fiber_thread& thread, void* value, fiber_core* ended) noexcept;
    fiber_core& heir() noexcept;
    [[gnu::cold, gnu::noinline]] arrival look_and_switch_here(const std::type_info& type, void* value,
                                                              std::source_location where);
    [[gnu::cold]] void look_closer(const std::type_info& type);
    [[gnu::cold]] void finish_unstarted() noexcept;
    void leave_family() noexcept;
    void set_parent_unchecked(fiber_core& parent) noexcept;
    void has_arrived(void* kept) noexcept;

    void* stack_pointer_ = nullptr;
    fiber_thread* thread_;
    const std::type_info* expects_ = nullptr;
    exception_state exceptions_;  // nothing while it runs
    fiber_core* closer_ = nullptr;  // who waits in close()
    std::exception_ptr error_;  // to be raised when it goes on
    void* sanitizer_state_ = nullptr;
    fiber_stack stack_;
    const fiber_body* body_ = nullptr;
    void* callable_ = nullptr;
    fiber_promise* promise_ = nullptr;
    fiber_core* parent_ = nullptr;
    intrusive_list<fiber_core> children_;
    std::source_location where_;
    std::source_location made_at_;
    fiber_state state_ = fiber_state::created;  // never `running`: the thread knows who that is
    unsigned swallowed_ = 0;  // how often it was given fiber_exit again
    std::string name_;
};

}  // namespace weft::inline v0
