// SPDX-License-Identifier: Apache-2.0
// An attempt without memory, at each of its allocations: an error or none, nothing left behind, and it works again.
#pragma once

#include "counted_allocations.hpp"
#include "io/operations.hpp"

#include <weft/flow/wait_for.hpp>
#include <weft/loop/run.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace weft_test {

/// Of anything but the want of memory, and what an end of a connection sees of the other's, the test is told.
inline void expect_want_of_memory(const std::exception_ptr& error) {
    if (!error) return;
    try {
        std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
    } catch (const std::system_error& e) {
        const int code = e.code().value();
        EXPECT_TRUE(code == ENOMEM || code == ECONNRESET || code == EPIPE || code == ECONNABORTED) << e.what();
    } catch (const weft::incomplete_read_error&) {
    } catch (const std::exception& e) {
        ADD_FAILURE() << e.what();
    }
}

/// Has the allocation of this number fail, counted from here, for as long as it lives.
class one_without_memory {
public:
    explicit one_without_memory(std::size_t number) { failing_allocation = before_ + number; }
    one_without_memory(const one_without_memory&) = delete;
    one_without_memory& operator=(const one_without_memory&) = delete;
    ~one_without_memory() { failing_allocation = no_allocation; }

    /// How many there have been since.
    std::size_t allocations_made() const { return allocations.load() - before_; }

private:
    const std::size_t before_ = allocations.load();
};

/// Of what survives the want of memory: without each allocation in turn, as many as the longest attempt made. No
/// descriptor is left.
/// @param attempt  is given the number of the allocation; checks what comes, and gives the number that there were
/// @return how many attempts were made
template <class Attempt>
std::size_t survive_each_allocation(Attempt attempt) {
    const auto descriptors = open_descriptors();
    std::size_t number = 0, last = 1;
    for (; number < last && !testing::Test::HasFailure(); ++number) {
        SCOPED_TRACE(testing::Message() << "allocation " << number);
        const std::size_t made = attempt(number);
        last = std::max(last, made > number ? made + 1 : made);  // it may have ended at the one that failed
    }
    EXPECT_EQ(open_descriptors(), descriptors);
    return number;
}

/// @return whether the allocation that was to fail was reached
template <class Attempt>
weft::task<bool> attempt_without(std::size_t number, Attempt& attempt) {
    auto& loop = weft::get_running_loop();
    loop.set_exception_handler(
        [](weft::event_loop&, const weft::error_context& c) { expect_want_of_memory(c.exception); });
    std::exception_ptr error;
    const auto armed = [&]() -> weft::task<> {
        failing_allocation = allocations.load() + number;
        co_await attempt();
    };
    try {
        co_await weft::wait_for(armed(), std::chrono::seconds(10));
    } catch (...) {
        error = std::current_exception();
    }
    const bool reached = failing_allocation.exchange(no_allocation) == no_allocation;
    expect_want_of_memory(error);
    co_await weft::wait_for(attempt(), std::chrono::seconds(10));
    loop.set_exception_handler(nullptr);
    co_return reached;
}

inline constexpr auto run_on_the_real_clock = [](auto main) { return weft::run(std::move(main)); };

/// Each time on a loop of its own, which has made nothing yet.
/// @param attempt  makes a task that checks what it gets
/// @param run  runs a task on such a loop
/// @return the number of its allocations
template <class Attempt, class Run = decltype(run_on_the_real_clock)>
std::size_t fail_each_allocation(Attempt attempt, const Run& run = run_on_the_real_clock) {
    run(attempt());  // what is made once is made
    const auto descriptors = open_descriptors();
    std::size_t number = 0;
    for (bool reached = true; reached && !testing::Test::HasFailure(); ++number) {
        SCOPED_TRACE(testing::Message() << "allocation " << number);
        reached = run(attempt_without(number, attempt));
        // A thread of the loop's pool may be about to let go of its last call.
        for (int i = 0; i < 10'000 && open_descriptors() != descriptors; ++i) std::this_thread::yield();
        EXPECT_EQ(open_descriptors(), descriptors);
    }
    return number;
}

}  // namespace weft_test
