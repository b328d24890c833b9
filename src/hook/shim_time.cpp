// SPDX-License-Identifier: Apache-2.0
// sleep, usleep, nanosleep, and clock_nanosleep, which is what C++ sleeps by.
#include "hook/shim.hpp"

#include <time.h>
#include <unistd.h>

namespace weft_hook {
namespace {

constinit hooked<unsigned(unsigned)> libc_sleep("sleep");
constinit hooked<int(useconds_t)> libc_usleep("usleep");
constinit hooked<int(const timespec*, timespec*)> libc_nanosleep("nanosleep");
constinit hooked<int(clockid_t, int, const timespec*, timespec*)> libc_clock_nanosleep("clock_nanosleep");

/// @return 0, or the error; `left`: what is left then
int sleep_on_fiber(long long nanoseconds, long long* left = nullptr) noexcept {
    const limit until = limit::in(nanoseconds);
    for (;;) {
        const int result = wait(nullptr, nullptr, 0, until);
        if (result == 0) return 0;
        if (result > 0) continue;
        if (left) *left = until.left();
        return -result;
    }
}

/// Whether it goes on while nothing runs.
bool is_time_of_day(clockid_t clock) noexcept {
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME || clock == CLOCK_TAI;
}

int sleep_for(const timespec& asked, timespec* rest) noexcept {
    if (!is_time(asked)) return EINVAL;
    constexpr long long most = 0x7fff'ffff'ffff'ffff / second - 1;
    long long left = 0;
    const int error = sleep_on_fiber((asked.tv_sec < most ? asked.tv_sec : most) * second + asked.tv_nsec, &left);
    if (error && rest) *rest = {static_cast<time_t>(left / second), static_cast<long>(left % second)};
    return error;
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

unsigned sleep(unsigned seconds) {
    if (!libc_sleep.is_taken_over(__builtin_return_address(0))) return libc_sleep(seconds);
    long long left = 0;
    const int error = sleep_on_fiber(seconds * second, &left);
    return error ? static_cast<unsigned>((left + second - 1) / second) : 0;
}

int usleep(useconds_t microseconds) {
    if (!libc_usleep.is_taken_over(__builtin_return_address(0))) return libc_usleep(microseconds);
    const int error = sleep_on_fiber(microseconds * 1000LL);
    return error ? fail(error) : 0;
}

int nanosleep(const timespec* asked, timespec* rest) {
    if (!libc_nanosleep.is_taken_over(__builtin_return_address(0))) return libc_nanosleep(asked, rest);
    const int error = sleep_for(*asked, rest);
    return error ? fail(error) : 0;
}
int __nanosleep(const timespec* asked, timespec* rest) { return nanosleep(asked, rest); }

int clock_nanosleep(clockid_t clock, int flags, const timespec* asked, timespec* rest) {
    if (!is_time_of_day(clock) || !libc_clock_nanosleep.is_taken_over(__builtin_return_address(0)))
        return libc_clock_nanosleep(clock, flags, asked, rest);
    if (!(flags & TIMER_ABSTIME)) return sleep_for(*asked, rest);
    timespec now{};
    if (::clock_gettime(clock, &now) != 0 || !is_time(*asked)) return EINVAL;
    const long long left = duration(asked->tv_sec - now.tv_sec, asked->tv_nsec - now.tv_nsec);
    return left > 0 ? sleep_on_fiber(left) : 0;
}

#pragma GCC visibility pop
}
