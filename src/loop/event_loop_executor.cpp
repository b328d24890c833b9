// SPDX-License-Identifier: Apache-2.0
#include "loop/backend.hpp"
#include "loop/loop_remote.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/executor.hpp>

#include <stdexcept>
#include <string>

// What a loop does with its default executor: it keeps it, and sees it off. Using it is the exec layer's.

namespace weft::inline v0 {

namespace {

/// The news that an executor's threads are through, on its way to a loop. Its own owner while it is on that way.
struct end_notice : ready_node {
    explicit end_notice(future_state<bool>& f) noexcept : told(&f) { run = arrived; }
    static void arrived(ready_node& node) {
        const auto self = std::move(static_cast<end_notice&>(node).on_its_way);
        if (self->told && !self->told->done()) self->told->set_result(true);
    }
    std::shared_ptr<end_notice> on_its_way;
    future_state<bool>* told;  // the loop's thread only; null when nobody waits any more
};

void send(const std::shared_ptr<end_notice>& notice, loop_remote& to) {
    notice->on_its_way = notice;
    if (!to.post(*notice)) notice->on_its_way.reset();
}

/// Waits until `e` is through. @return false if that takes longer than `timeout`
task<bool> end_of(executor& e, event_loop& loop, std::optional<clock::duration> timeout) {
    struct waiting {
        explicit waiting(event_loop& l) : loop(l), ended(l), notice(std::make_shared<end_notice>(ended.state())) {
            loop.expect_from_elsewhere(1);
        }
        waiting(const waiting&) = delete;
        waiting& operator=(const waiting&) = delete;
        ~waiting() {
            loop.expect_from_elsewhere(-1);
            timer.cancel();
            notice->told = nullptr;
        }
        event_loop& loop;
        future<bool> ended;
        std::shared_ptr<end_notice> notice;
        timer_handle timer;
    };
    waiting w(loop);
    if (timeout) {
        w.timer = loop.call_later(*timeout, [ended = w.ended] {
            if (!ended.done()) ended.set_result(false);
        });
    }
    e.shutdown_then([notice = w.notice, to = loop.remote()] { send(notice, *to); });
    co_return co_await w.ended;
}

}  // namespace

void event_loop::set_default_executor(std::shared_ptr<executor> e) {
    check_open();
    if (!e) throw std::invalid_argument("set_default_executor: null is no executor");
    default_executor_ = std::move(e);
}

executor* event_loop::default_executor() const {
    check_open();
    if (executor_shut_down_) throw invalid_state_error("the loop's default executor has been shut down");
    return default_executor_.get();
}

task<> event_loop::shutdown_default_executor(std::optional<clock::duration> timeout) {
    executor_shut_down_ = true;
    const auto e = default_executor_;
    if (!e) co_return;
    const bool ended = co_await end_of(*e, *this, timeout);
    if (!ended) {
        call_exception_handler({.message = "the default executor did not end its threads within " +
                                           std::to_string(std::chrono::duration<double>(*timeout).count()) + " s"});
        default_executor_.reset();  // nobody waits for it again
    }
    e->shutdown({.wait = ended});
}

void event_loop::expect_from_elsewhere(int calls) noexcept {
    if (backend_) backend_->calls_elsewhere += calls;
}

}  // namespace weft::inline v0
