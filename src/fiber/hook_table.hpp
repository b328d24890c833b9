// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

// What libweft_hook.so is told of weft: a table of C functions, offered to it when the first fiber of the process is made. The library
// links to nothing of weft's, which may be inside of the program (ADR 0026). All but wake() is called on a fiber that current()
// has given.

extern "C" {

struct weft_hook_parking;

/// How a wait is to end, besides with what is waited for.
enum weft_hook_flags : unsigned {
    weft_hook_cancellable = 1,  ///< by a cancellation, told as -ECANCELED; else it is raised later
};

struct weft_hook_table {
    unsigned version;

    /// The fiber that runs here, if it may wait. Null: outside of fibers, and inside of weft's own awaits. @thread any
    void* (*current)();

    /// A place to be woken at. @return null: no memory
    weft_hook_parking* (*begin)();
    /// One more that holds it. @thread any
    void (*hold)(weft_hook_parking* p);
    /// Ends the wait there, the present or else the next one. @thread any
    void (*wake)(weft_hook_parking* p);
    void (*let_go)(weft_hook_parking* p);

    /// Suspends the fiber until one of `count` descriptors may be ready (their revents are not told), somebody wakes it, or `nanoseconds` are over
    /// (-1: never). @param p  may be null
    /// @return 1: look again; 0: the time is over; -ECANCELED, -EBADF: one was closed; -ENOMEM
    int (*wait)(weft_hook_parking* p, const pollfd* descriptors, unsigned count, long long nanoseconds, unsigned flags);

    /// Suspends the fiber while a thread of the pool calls `run`. @param end  called once, when nobody uses `context` any more
    /// @return 0: it was called; -ECANCELED: it may be running, or never will; -EAGAIN: there is no thread
    int (*elsewhere)(void (*run)(void* context), void (*end)(void* context), void* context, unsigned flags);

    /// `fd` is about to be closed: whoever waits for it on this thread is told. @thread any
    void (*closing)(int fd);

    /// The loop's clock.
    long long (*now)();
    /// Name and place of the fiber, for messages. @return as snprintf
    int (*describe)(char* text, unsigned long size);
    /// The fiber is being destroyed, and does not mind: unwinds its stack, by an exception. Else returns.
    void (*leave_if_destroyed)();
};

/// What the library has: takes the table, which lives as long as the process.
using weft_hook_offer_function = void (*)(const weft_hook_table* table);
}

namespace weft::inline v0 {

/// Tells libweft_hook.so of the table, if it is there. Once a process; cheap ever after.
void offer_hook_table() noexcept;

}  // namespace weft::inline v0
