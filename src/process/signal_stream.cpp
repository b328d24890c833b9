// SPDX-License-Identifier: Apache-2.0
#include "loop/signal_inbox.hpp"

#include <weft/base/errors.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/process/signal_stream.hpp>

#include <algorithm>
#include <list>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// What a stream listens to, what has arrived, and who waits.
class signal_core {
public:
    signal_core(event_loop& loop, std::initializer_list<int> signals) : loop_(loop) {
        for (const int signal : signals) {
            if (std::ranges::any_of(listeners_, [&](const listener& l) { return l.signal == signal; })) continue;
            listener& l = listeners_.emplace_back(*this, signal);
            loop.signals().listen(signal, l, "signal_stream");
        }
        arrived_.reserve(listeners_.size());
    }
    signal_core(const signal_core&) = delete;
    signal_core& operator=(const signal_core&) = delete;
    ~signal_core() { close(); }

    /// The stream has gone: nothing more arrives, and whoever waits, or is about to, fails. What was given stays given.
    void close() noexcept {
        closed_ = true;
        listeners_.clear();
        arrived_.clear();
        while (!waiting_.empty()) waiting_.pop_front().wake();
    }
    bool is_closed() const noexcept { return closed_; }

    void add(signal_awaiter& w) noexcept {
        waiting_.push_back(w);
        if (!arrived_.empty() && give(arrived_.front())) arrived_.erase(arrived_.begin());
    }

    /// What has come first; 0 if nothing has.
    int take() noexcept {
        if (arrived_.empty()) return 0;
        const int signal = arrived_.front();
        arrived_.erase(arrived_.begin());
        return signal;
    }

    /// One that was given to a task which does not take it.
    void give_back(int signal) noexcept {
        if (closed_ || give(signal) || has_arrived(signal)) return;
        arrived_.insert(arrived_.begin(), signal);
    }

private:
    struct listener : signal_listener {
        listener(signal_core& c, int s) noexcept : signal_listener(arrived), owner(c), signal(s) {}
        ~listener() {
            if (is_linked()) owner.loop_.signals().unlisten(signal, *this);  // else the loop has closed
        }
        static void arrived(signal_listener& l, int signal) { static_cast<listener&>(l).owner.arrive(signal); }
        signal_core& owner;
        const int signal;
    };

    void arrive(int signal) noexcept {
        if (!give(signal) && !has_arrived(signal)) arrived_.push_back(signal);
    }
    bool has_arrived(int signal) const noexcept { return std::ranges::find(arrived_, signal) != arrived_.end(); }
    bool give(int signal) noexcept {
        for (signal_awaiter& w : waiting_) {
            if (!w.can_complete()) continue;
            w.unlink();
            w.signal_ = signal;
            w.wake();
            return true;
        }
        return false;
    }

    event_loop& loop_;
    bool closed_ = false;
    std::list<listener> listeners_;
    std::vector<int> arrived_;  // each signal once; there is room for all. Not empty: nobody waits who could have one
    intrusive_list<signal_awaiter> waiting_;
};

// Waiting for a signal

const wait_kind signal_awaiter::kind_ = {
    .name = "signal",
    .cancel =
        [](waiter& w) {
            static_cast<signal_awaiter&>(w).wake();
            return false;
        },
};

bool signal_awaiter::await_ready() {
    signal_ = signals_->take();
    return signal_ != 0 || signals_->is_closed();
}

void signal_awaiter::start() { signals_->add(*this); }

void signal_awaiter::abandon() noexcept {
    unlink();
    if (const int signal = std::exchange(signal_, 0)) signals_->give_back(signal);
}

int signal_awaiter::await_resume() {
    this->resumed();
    if (!signal_ && signals_->is_closed())
        throw invalid_state_error("the signal stream was destroyed while a task waited for it");
    unlink();
    return std::exchange(signal_, 0);
}

namespace {
task<int> waiting(std::shared_ptr<signal_core> s) { co_return co_await signal_awaiter(std::move(s)); }
}  // namespace

task<int> to_task(signal_awaiter&& w) { return waiting(w.signals_); }

// The stream

signal_stream::signal_stream(std::initializer_list<int> signals)
    : core_(std::make_shared<signal_core>(get_running_loop(), signals)) {}
signal_stream::signal_stream(signal_stream&&) noexcept = default;
signal_stream& signal_stream::operator=(signal_stream&& other) noexcept {
    signal_stream gone(std::move(*this));
    core_ = std::move(other.core_);
    return *this;
}
signal_stream::~signal_stream() {
    if (core_) core_->close();
}

const std::shared_ptr<signal_core>& signal_stream::core() const {
    if (!core_) throw invalid_state_error("the signal stream was moved from");
    return core_;
}
signal_awaiter signal_stream::next() { return signal_awaiter(core()); }
int signal_stream::try_next() { return core()->take(); }

}  // namespace weft::inline v0
