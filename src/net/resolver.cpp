// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.hpp"

#include <weft/exec/blocking_job.hpp>

#include <atomic>
#include <utility>

namespace weft::inline v0 {

const loop_service_kind resolver::kind = {
    .make = [](event_loop& loop) -> std::unique_ptr<loop_service> { return std::make_unique<resolver>(loop); },
};

/// One call, and who waits for it.
struct resolver::lookup {
    lookup(resolver& r, const lookup_query& q) : owner(r), query(q) {}
    lookup(const lookup&) = delete;
    lookup& operator=(const lookup&) = delete;
    ~lookup() {
        for (lookup_awaiter& a : waiting) a.lookup_ = nullptr;
        if (unwanted) owner.loop_.expect_from_elsewhere(1);  // the job takes it back
    }

    resolver& owner;
    const lookup_query& query;  // its key
    intrusive_list<lookup_awaiter> waiting;
    std::shared_ptr<std::atomic<bool>> has_begun = std::make_shared<std::atomic<bool>>(false);
    job_pointer job;
    bool unwanted = false;  // nobody waits: a virtual clock need not wait for it either
};

resolver::resolver(event_loop& loop, lookup_function ask)
    : loop_(loop), ask_(std::make_shared<const lookup_function>(std::move(ask))), pool_(max_threads, "weft-resolve") {}

resolver::~resolver() {
    lookups_.clear();
    // A call in progress may take as long as a name server is silent: its thread ends by itself. Idle ones end now.
    pool_.shutdown({.wait = ask_.use_count() == 1});
}

void resolver::ask(lookup_awaiter& a) {
    const auto [at, is_new] = lookups_.try_emplace(*a.query_);
    if (is_new) {
        try {
            at->second = std::make_unique<lookup>(*this, at->first);
            begin(*at->second);
        } catch (...) {
            lookups_.erase(at);
            throw;
        }
    }
    lookup& l = *at->second;
    if (std::exchange(l.unwanted, false)) loop_.expect_from_elsewhere(1);
    l.waiting.push_back(a);
    a.lookup_ = &l;
}

void resolver::begin(lookup& l) {
    auto call = blocking_kept_call([ask = ask_, query = l.query, has_begun = l.has_begun] {
        has_begun->store(true, std::memory_order_relaxed);
        return (*ask)(query);
    });
    l.job.reset(new blocking_job_of<blocking_result<lookup_answer>, decltype(call)>(std::move(call)));
    l.job->notify(
        [](void* argument) {
            lookup& ended = *static_cast<lookup*>(argument);
            ended.owner.answered(ended);
        },
        &l);
    l.job->submit(pool_, loop_);
}

void resolver::answered(lookup& l) noexcept {
    const auto ended = std::move(lookups_.extract(l.query).mapped());
    std::shared_ptr<const lookup_answer> answer;
    std::exception_ptr error;
    try {
        answer = std::make_shared<const lookup_answer>(static_cast<blocking_result<lookup_answer>&>(*l.job).take());
    } catch (...) {
        error = std::current_exception();
    }
    while (!l.waiting.empty()) {
        lookup_awaiter& a = l.waiting.pop_front();
        a.lookup_ = nullptr;
        a.timer_.unlink();
        a.answer_ = answer;
        a.error_ = error;
        a.wake();
    }
}

void resolver::leave(lookup_awaiter& a) noexcept {
    lookup& l = *std::exchange(a.lookup_, nullptr);
    a.unlink();
    if (!l.waiting.empty()) return;
    if (!l.has_begun->load(std::memory_order_relaxed)) {
        lookups_.erase(lookups_.find(l.query));
    } else {
        l.unwanted = true;
        loop_.expect_from_elsewhere(-1);
    }
}

// Waiting

const wait_kind lookup_awaiter::kind_ = {
    .name = "resolve",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<lookup_awaiter&>(w);
            self.abandon();
            self.wake();
            return false;
        },
    .subject = {wait_subject::thing::text, {offsetof(lookup_awaiter, query_)}},  // which begins with the host
};

void lookup_awaiter::start() {
    try {
        resolver_.ask(*this);
    } catch (...) {  // no thread can be started
        error_ = std::current_exception();
        return wake();
    }
    if (deadline_ != never) loop().add_timer(timer_, deadline_);
}

void lookup_awaiter::expire() noexcept {
    abandon();
    this->wake();
}

void lookup_awaiter::abandon() noexcept {
    timer_.unlink();
    if (lookup_) resolver_.leave(*this);
}

std::shared_ptr<const lookup_answer> lookup_awaiter::await_resume() {
    this->resumed();
    if (error_) std::rethrow_exception(error_);
    return std::move(answer_);
}

}  // namespace weft::inline v0
