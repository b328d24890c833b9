// SPDX-License-Identifier: Apache-2.0
#include "stress/checking.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

/// Where there is a sanitizer: calls `told` when it has found something and ends the program.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*told)());

namespace stress {

namespace {

/// Never destroyed: leaks are reported after everything that is.
std::string& repeat_command() {
    static auto* const text = new std::string();
    return *text;
}

void say_how_to_repeat() {
    if (!repeat_command().empty()) std::fprintf(stderr, "To see it again: %s\n", repeat_command().c_str());
}

/// Prints although a signal came: the program is lost anyway.
void die(int signal) {
    say_how_to_repeat();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void watch_for_death() {
    if (__sanitizer_set_death_callback) return __sanitizer_set_death_callback(say_how_to_repeat);
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) std::signal(signal, die);
}

}  // namespace

void set_repeat_command(std::string command) {
    static const bool watches = (watch_for_death(), true);
    static_cast<void>(watches);
    repeat_command() = std::move(command);
}

void fail(std::string_view what) {
    std::fprintf(stderr, "FAILED: %.*s\n", static_cast<int>(what.size()), what.data());
    say_how_to_repeat();
    std::fflush(stdout);
    std::_Exit(1);
}

void require_equal(long long is, long long wanted, std::string_view what) {
    if (is == wanted) return;
    fail(std::string(what) + ": " + std::to_string(is) + ", not " + std::to_string(wanted));
}

}  // namespace stress
