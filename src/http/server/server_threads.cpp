// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_threads.hpp"

#include "http/server/server_core.hpp"

#include <weft/base/errors.hpp>
#include <weft/loop/run.hpp>

#include <pthread.h>

#include <system_error>
#include <thread>
#include <utility>

namespace weft::inline v0::http {

/// One of the threads, with its loop. What belongs to that goes when the thread has ended.
struct server_threads::member {
    member(std::shared_ptr<const server_setup> setup, unsigned thread, const event_loop& first)
        : runs(std::make_unique<event_loop>(), {.handle_sigint = false}),
          loop(runs.get_loop()),
          core(std::make_shared<server_core>(std::move(setup), thread)) {
        loop.set_debug(first.get_debug());
    }

    runner runs;
    event_loop& loop;
    std::shared_ptr<server_core> core;
    std::thread thread;
};

server_threads::server_threads(std::weak_ptr<server_core> first, event_loop& loop)
    : first_(std::move(first)), loop_(loop), started_(loop), ended_(loop) {
    loop_.attach(*this);
}

server_threads::~server_threads() { end(); }

task<> server_threads::start(std::shared_ptr<const server_setup> setup, const std::vector<address>& at) {
    const auto self = shared_from_this();
    for (const address& a : at) hosts_.push_back(a.host);
    port_ = at.front().port;
    for (unsigned thread = 1; thread < setup->options.threads; ++thread) {
        auto m = std::make_unique<member>(setup, thread, loop_);
        m->loop.set_exception_handler([this](event_loop&, const error_context& e) {
            tell([e](server_threads& all) { all.loop_.call_exception_handler(e); });
        });
        members_.push_back(std::move(m));
    }
    for (const auto& m : members_) {
        try {
            m->thread = std::thread([this, &m = *m] { run(m); });
        } catch (const std::system_error& e) {
            throw std::system_error(e.code(), "http::server: cannot start a thread");
        }
        ++starting_;
        ++left_;
    }
    co_await done_awaiter(started_.state());
    if (error_) co_await wait_ended();
}

// On the threads

void server_threads::run(member& m) noexcept {
    ::pthread_setname_np(::pthread_self(), "weft-http");
    std::exception_ptr error;
    const auto carry_out = [&](auto step) {
        try {
            step();
        } catch (...) {
            if (!error) error = std::current_exception();
        }
    };
    carry_out([&] { m.runs.run(serve(m)); });
    carry_out([&] { m.runs.close(); });
    tell([&m, error](server_threads& all) { all.on_ended(m, error); });
}

task<> server_threads::serve(member& m) {
    co_await m.core->listen(hosts_, port_);
    tell([](server_threads& all) { all.on_listening(); });
    co_await m.core->serve_until_closed();
}

/// Calls `f(*this)` on the first loop's thread. If that loop is gone nobody is left to hear of anything.
template <class F>
void server_threads::tell(F f) noexcept {
    try {
        static_cast<void>(loop_.call_soon_threadsafe([weak = weak_from_this(), f = std::move(f)] {
            if (const auto all = weak.lock()) f(*all);
        }));
    } catch (const invalid_state_error&) {
    }
}

// On the first loop's thread

void server_threads::on_listening() {
    if (--starting_ == 0 && !started_.done()) started_.set_result();
}

void server_threads::on_ended(member& m, std::exception_ptr error) {
    const auto self = shared_from_this();
    m.thread.join();
    if (error && !error_) error_ = std::move(error);
    if (!started_.done()) started_.set_result();
    if (--left_ == 0) {
        if (error_) {
            ended_.set_exception(error_);
        } else {
            ended_.set_result();
        }
    }
    if (const auto first = first_.lock()) first->close();
}

void server_threads::close() noexcept {
    for (const auto& m : members_) post(*m, [](server_core& core) { core.close(); });
}
void server_threads::abort() noexcept {
    for (const auto& m : members_) post(*m, [](server_core& core) { core.abort(); });
}

/// Has a thread do that. One whose loop is closed has nothing left to do.
void server_threads::post(const member& m, void (*f)(server_core&)) noexcept {
    if (!m.thread.joinable()) return;
    try {
        static_cast<void>(m.loop.call_soon_threadsafe([core = m.core, f] { f(*core); }));
    } catch (const invalid_state_error&) {
    }
}

task<> server_threads::wait_ended() {
    const auto self = shared_from_this();
    if (left_ == 0 && !ended_.done()) co_return;  // none could be started
    co_await done_awaiter(ended_.state());
    ended_.result();
}

/// Blocks until the threads have ended.
void server_threads::end() noexcept {
    abort();
    for (const auto& m : members_) {
        if (m->thread.joinable()) m->thread.join();
    }
}

std::size_t server_threads::connections() const noexcept {
    std::size_t sum = 0;
    for (const auto& m : members_) sum += m->core->connections();
    return sum;
}
std::size_t server_threads::requests() const noexcept {
    std::size_t sum = 0;
    for (const auto& m : members_) sum += m->core->requests();
    return sum;
}

}  // namespace weft::inline v0::http
