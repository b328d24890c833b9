// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace showcase {

/// What happened in a program, in order: which function did what, at which line. @thread any
class recorder {
public:
    struct event {
        std::chrono::nanoseconds at;
        std::string lane, verb, text;
        std::uint32_t line;
    };
    void note(std::string_view lane, std::string_view verb, std::string text, std::source_location where) {
        const std::scoped_lock held(mutex_);
        if (events_.size() == most) return;
        const auto at = std::chrono::steady_clock::now() - began_;
        events_.push_back({at, std::string(lane), std::string(verb), std::move(text), where.line()});
    }
    /// When nobody notes anything any more.
    const std::vector<event>& events() const noexcept { return events_; }

private:
    static constexpr std::size_t most = 500;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::mutex mutex_;
    std::vector<event> events_;
};

/// A call of a function, on record from here to the end of its scope:
///
///     lane me(r, "echo");
///     const int n = me.goes_on(co_yield me.yields(1));
class lane {
public:
    using place = std::source_location;

    lane(recorder& r, std::string_view name, place at = place::current()) : recorder_(r), name_(name), last_(at) {
        note("enters", "", at);
    }
    lane(const lane&) = delete;
    ~lane() { note(std::uncaught_exceptions() > uncaught_ ? "fails" : "returns", "", last_); }

    void says(std::string text, place at = place::current()) { note("says", std::move(text), at); }
    /// It calls, or resumes, somebody else: `does` is "next", "send", …
    void does(std::string_view what, std::string text, place at = place::current()) { note(what, std::move(text), at); }

    /// It is about to yield this, and to be left there.
    template <class T>
    T yields(T value, place at = place::current()) {
        note("yields", std::to_string(value), at);
        return value;
    }
    /// It is about to be left, until there is what `for_what` says.
    template <class T>
    T&& waits(std::string for_what, T&& awaited, place at = place::current()) {
        note("waits", std::move(for_what), at);
        return std::forward<T>(awaited);
    }
    void goes_on(place at = place::current()) { note("goes on", "", at); }
    /// It is resumed, with this.
    template <class T>
    T goes_on(T with, place at = place::current()) {
        note("goes on", std::to_string(with), at);
        return with;
    }

private:
    void note(std::string_view verb, std::string text, place at) {
        last_ = at;
        recorder_.note(name_, verb, std::move(text), at);
    }

    recorder& recorder_;
    std::string name_;
    place last_;
    int uncaught_ = std::uncaught_exceptions();
};

}  // namespace showcase
