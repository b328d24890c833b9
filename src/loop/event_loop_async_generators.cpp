// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/async_generator_core.hpp>
#include <weft/loop/event_loop.hpp>

// What a loop does for async generators: it knows those that were iterated on it, and closes what is left of them.

namespace weft::inline v0 {

namespace {

class closing_left : public async_generator_operation {
public:
    explicit closing_left(async_generator_core& g) noexcept : async_generator_operation(&g, verb::close) {}
    void await_resume() { this->resumed(); }
};

/// Closes the first of `left`: a generator that another one's clean-up has destroyed is not there any more.
task<> close_first(event_loop& loop, intrusive_list<async_generator_core>& left) {
    if (left.empty()) co_return;
    try {
        co_await closing_left(left.pop_front());
    } catch (const cancelled_error&) {
        throw;
    } catch (...) {
        loop.call_exception_handler({.message = "an error occurred during closing of an async generator",
                                     .exception = std::current_exception()});
    }
}

}  // namespace

void event_loop::adopt(async_generator_core& g) noexcept { async_generators_.push_back(g); }

task<> event_loop::shutdown_asyncgens() {
    intrusive_list<async_generator_core> left;
    left.splice_back(async_generators_);
    std::vector<task_handle<>> closing;
    for ([[maybe_unused]] async_generator_core& g : left) closing.push_back(create_task(close_first(*this, left)));
    for (const task_handle<>& h : closing) co_await h;
}

}  // namespace weft::inline v0
