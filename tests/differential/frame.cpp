// SPDX-License-Identifier: Apache-2.0
#include "frame.hpp"

#include "errors.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace differential {

void event_log::line(const std::string& text) {
    if (is_mute_) return;
    text_ += text;
    text_ += '\n';
    if (++lines_ < 100 * most_lines) return;
    std::fputs("the log has no end\n", stderr);  // only a wrong engine gets here
    std::abort();
}

frame::~frame() {
    while (!blocks_.empty()) leave_block();
}

void frame::log(surroundings& around, int frame, int site, const std::string& text) {
    around.log.line(std::to_string(frame) + "." + std::to_string(site) + " " + text);
}

void frame::run_guard(const instruction& guard) noexcept {
    log(guard.site, "leaves");
    if (guard.arguments[0] != none) around_.resume_from_guard(guard.arguments[0]);
}

void frame::leave_block() {
    const block left = blocks_.back();
    blocks_.pop_back();
    if (left.kind == operation::guard) run_guard(*left.begin);
}

const instruction& frame::next() {
    for (;;) {
        const instruction& i = function_.code[at_++];
        if (!control(i)) return i;
    }
}

/// @return false if it is not for this
bool frame::control(const instruction& i) {
    switch (i.op) {
        case operation::guard:
        case operation::try_: blocks_.push_back({i.op, &i, 0}); return true;
        case operation::loop:
            blocks_.push_back({i.op, &i, i.arguments[0]});
            at_ = static_cast<std::size_t>(loop_again());
            return true;
        case operation::end_guard: leave_block(); return true;
        case operation::end_loop: at_ = static_cast<std::size_t>(loop_again()); return true;
        case operation::end_try: leave_block(); [[fallthrough]];
        case operation::jump: at_ = static_cast<std::size_t>(i.arguments[0]); return true;
        case operation::raise: std::rethrow_exception(made(static_cast<raised>(i.arguments[0]), i.arguments[1]));
        case operation::reraise: std::rethrow_exception(caught_[static_cast<std::size_t>(i.arguments[0])]);
        default: return false;
    }
}

/// @return where to go on: at the beginning of the innermost loop, or behind it
int frame::loop_again() {
    block& loop = blocks_.back();
    if (--loop.rounds_left >= 0 && !around_.log.is_full()) {
        return static_cast<int>(loop.begin - function_.code.data()) + 1;
    }
    const int behind = loop.begin->arguments[1];
    blocks_.pop_back();
    return behind;
}

void frame::handle(const std::exception_ptr& error) {
    if (std::exchange(to_a_finished_one_, false)) return log_delegation("finished");  // weft says invalid_state_error
    for (std::size_t depth = blocks_.size(); depth-- > 0;) {
        if (blocks_[depth].kind != operation::try_) continue;
        const instruction& begin = *blocks_[depth].begin;
        const auto number = static_cast<std::size_t>(begin.arguments[0]);
        for (const clause& c : function_.handlers[number]) {
            if (!matches(c.what, error)) continue;
            while (blocks_.size() > depth) leave_block();
            caught_[number] = error;
            at_ = static_cast<std::size_t>(c.handler);
            return log(begin.site, "caught " + describe(error));
        }
    }
    std::rethrow_exception(error);  // the destructor runs the guards
}

void frame::delegates(int site, bool to_a_finished_one) noexcept {
    delegating_site_ = site;
    to_a_finished_one_ = to_a_finished_one;
}

void frame::delegated_to(int result) {
    log_delegation(std::exchange(to_a_finished_one_, false) ? "finished" : std::to_string(result));
}

void frame::delegated_to_void() { log_delegation(std::exchange(to_a_finished_one_, false) ? "finished" : "-"); }

void frame::log_delegation(const std::string& result) { log(delegating_site_, "= " + result); }

}  // namespace differential
