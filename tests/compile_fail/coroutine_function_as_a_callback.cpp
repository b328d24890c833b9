// SPDX-License-Identifier: Apache-2.0
// expect: weft: a loop calls a callback and awaits nothing: a coroutine function would make a coroutine
// expect: event_loop::call_soon[<(]
// expect: event_loop::call_soon_threadsafe[<(]
// expect: event_loop::call_later
// expect: event_loop::call_at
// expect: event_loop::add_reader
// expect: event_loop::add_writer
// expect: event_loop::add_signal_handler
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>

#include <chrono>

using namespace std::chrono_literals;

// Of a type of its own for each, for a compiler says it once of a type.
template <int>
struct work {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    void operator()() const {
        weft::spawn([]() -> weft::task<> { co_await weft::sleep(1s); });
    }
#else
    weft::task<> operator()() const { co_await weft::sleep(1s); }
#endif
};

void schedule(weft::event_loop& loop) {
    loop.call_soon(work<0>());
    loop.call_soon_threadsafe(work<1>());
    loop.call_later(1s, work<2>());
    loop.call_at(loop.time(), work<3>());
    loop.add_reader(0, work<4>());
    loop.add_writer(1, work<5>());
    loop.add_signal_handler(2, work<6>());
}
