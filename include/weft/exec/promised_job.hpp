// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/exec/blocking_job.hpp>
#include <weft/loop/executor.hpp>

#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// Moves what a call gave to a thread that waits for it.
template <class T>
void fulfil(std::promise<T>& promise, result<T>& from) noexcept {
    std::exception_ptr error = from.exception();
    if (!error) {
        try {
            if constexpr (std::is_void_v<T>) {
                promise.set_value();
            } else {
                promise.set_value(from.take());
            }
        } catch (...) {
            error = std::current_exception();
        }
    }
    if (!error) return;
    from.set_exception(nullptr);
    promise.set_exception(std::move(error));
}

/// A job whose result goes to a std::future. The executor owns it once it has taken it.
template <class R, class Call>
class promised_job final : public executor_job {
public:
    explicit promised_job(Call call) : call_(std::move(call)) {}
    std::future<R> get_future() { return promise_.get_future(); }

    void run() noexcept override {
        const call_context context(nullptr);
        call_into(result_, *call_);
        call_.reset();
    }
    void finish() noexcept override {
        fulfil(promise_, result_);
        delete this;
    }
    void refuse() noexcept override {
        result_.set_exception(
            std::make_exception_ptr(cancelled_error("the executor was shut down before it made the call")));
        finish();
    }

private:
    std::optional<Call> call_;
    result<R> result_;
    std::promise<R> promise_;
};

template <class F, class... Args>
auto submit_promised_job(executor& e, F&& f, Args&&... args) {
    using R = kept_call_result<F, Args...>;
    auto call = blocking_kept_call(std::forward<F>(f), std::forward<Args>(args)...);
    auto job = std::make_unique<promised_job<R, decltype(call)>>(std::move(call));
    std::future<R> f_of_job = job->get_future();
    e.post(*job);
    (void)job.release();  // finish() or refuse() deletes it
    return f_of_job;
}

}  // namespace weft::inline v0
