// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "program.hpp"

#include <exception>
#include <string>
#include <vector>

namespace differential {

/// The log of a program's events.
class event_log {
public:
    void line(const std::string& text);
    /// Whether lines are let fall.
    void mute(bool on) noexcept { is_mute_ = on; }
    bool is_full() const noexcept { return lines_ > most_lines; }
    const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
    int lines_ = 0;
    bool is_mute_ = false;
};

/// What a frame wants of what surrounds it.
class surroundings {
public:
    event_log log;
    int frames = 0;
    /// What a guard does besides logging: next() on a slot, whatever comes of it.
    virtual void resume_from_guard(int slot) noexcept = 0;

protected:
    ~surroundings() = default;
};

/// Where a running function stands, without the suspending: its loops, try statements and guards. It lives in the
/// coroutine's frame, so that its destructor runs what guards are left, innermost first, however the body ends.
class frame {
public:
    frame(surroundings& around, const function& f) : around_(around), function_(f), number_(++around.frames) {}
    frame(const frame&) = delete;
    frame& operator=(const frame&) = delete;
    ~frame();

    /// Runs loops, try statements, guards and raises.
    /// @return the next instruction that is not of these
    const instruction& next();

    /// Goes on at the handler for `error`, which has just been caught in the body, or throws it on.
    void handle(const std::exception_ptr& error);

    int value_of(int site) const noexcept { return number_ * 1000 + site; }
    void log(int site, const std::string& text) { log(around_, number_, site, text); }

    // A delegation. To a generator that has finished already it gives nothing that could be compared.
    void delegates(int site, bool to_a_finished_one) noexcept;
    void delegated_to(int result);
    void delegated_to_void();

private:
    struct block {
        operation kind;  // loop, try_ or guard
        const instruction* begin;
        int rounds_left;
    };
    static void log(surroundings& around, int frame, int site, const std::string& text);
    void run_guard(const instruction& guard) noexcept;
    void leave_block();
    bool control(const instruction& i);
    int loop_again();
    void log_delegation(const std::string& result);

    surroundings& around_;
    const function& function_;
    const int number_;
    std::size_t at_ = 0;
    std::vector<block> blocks_;
    std::vector<std::exception_ptr> caught_ = std::vector<std::exception_ptr>(function_.handlers.size());
    int delegating_site_ = 0;
    bool to_a_finished_one_ = false;
};

}  // namespace differential
