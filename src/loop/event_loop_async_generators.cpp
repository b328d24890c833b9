// SPDX-License-Identifier: Apache-2.0
#include "loop/report.hpp"

#include <weft/coro/async_generator_core.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/waiter.hpp>

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
        if (loop.current_task()->cancelling() > 0) throw;  // else the clean-up's own: nobody wants it (as asyncio)
    } catch (...) {
        report(loop, "an error occurred during closing of an async generator", std::current_exception());
    }
}

/// A close() in line waits as any task waits: it can be seen, and cancelled.
class waiting_closer final : public waiter, public place_in_line, public recycled {
public:
    waiting_closer(promise_base& awaiting, async_generator_operation& closer) : waiter(kind_), closer_(closer) {
        suspend(awaiting);  // no cancellation is pending: that is checked before
    }
    void called() noexcept override { wake(); }
    void resumed() override { waiter::resumed(); }

private:
    static const wait_kind kind_;
    async_generator_operation& closer_;
};

const wait_kind waiting_closer::kind_ = {.name = "close of an async generator", .cancel = [](waiter& w) {
                                             auto& self = static_cast<waiting_closer&>(w);
                                             self.closer_.leave_line();
                                             self.wake();
                                             return false;
                                         }};

}  // namespace

const async_generator_hooks task_core::async_generator_hooks_of_tasks = {
    .first_iteration = [](execution& e, async_generator_core& g) { e.loop()->adopt(g); },
    .stand_in_line = [](promise_base& awaiting, async_generator_operation& closer) -> std::unique_ptr<place_in_line> {
        return std::make_unique<waiting_closer>(awaiting, closer);
    },
    .cancel = [](execution& e) { static_cast<task_core&>(e).cancel(); },
    .take_back_cancel = [](execution& e,
                           unsigned before) { return static_cast<task_core&>(e).take_back_cancel(before); },
};

void event_loop::adopt(async_generator_core& g) noexcept { async_generators_.push_back(g); }

task<> event_loop::shutdown_asyncgens() {
    intrusive_list<async_generator_core> left;
    left.splice_back(async_generators_);
    std::vector<task_handle<>> closing;
    for ([[maybe_unused]] async_generator_core& g : left)
        closing.push_back(create_task(close_first(*this, left), std::source_location()));
    for (const task_handle<>& h : closing) co_await h;
}

}  // namespace weft::inline v0
