// SPDX-License-Identifier: Apache-2.0
// Runs generator programs with weft's generators: reads them from stdin, prints the log of each. The counterpart of
// reference.py, which says what is logged and why.
#include "acting_range.hpp"
#include "errors.hpp"
#include "frame.hpp"
#include "program.hpp"

#include <weft/coro/generator.hpp>

#include <array>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace differential {
namespace {

using full = weft::generator<int, std::optional<int>, int>;
using silent = weft::generator<int, void, int>;
using plain = weft::generator<int>;
using any_generator = std::variant<std::monostate, full, silent, plain>;

template <class G>
constexpr bool takes_values = std::is_same_v<G, full>;
template <class G>
constexpr bool has_result = !std::is_same_v<G, plain>;

bool is_empty(const any_generator& g) { return g.index() == 0; }
template <class Question>
bool ask(const any_generator& g, Question question) {
    return std::visit(
        [&]<class G>(const G& one) {
            if constexpr (std::is_same_v<G, std::monostate>) {
                return false;
            } else {
                return question(one);
            }
        },
        g);
}
bool is_running(const any_generator& g) {
    return ask(g, [](auto& one) { return one.state() == weft::generator_state::running; });
}
bool has_finished(const any_generator& g) {
    return ask(g, [](auto& one) { return one.state() == weft::generator_state::closed; });
}

template <class G>
std::string state(const G& g) {
    switch (g.state()) {
        case weft::generator_state::created: return "C";
        case weft::generator_state::running: return "R";
        case weft::generator_state::closed: return "X";
        case weft::generator_state::suspended: break;
    }
    return (g.delegating() ? "D" : "S") + std::to_string(weft::frames(g).size());
}

/// Only weft keeps the result: after an error or a close there must be none.
template <class G>
void check_that_nothing_was_returned(event_log& log, G& g) {
    if (!g.done()) return;
    try {
        g.result();
        log.line("has a result, and should not");
    } catch (const weft::invalid_state_error&) {
    }
}

/// One program at work: its slots, and what is done to them.
class world final : public surroundings {
public:
    explicit world(const program& p) : program_(p) {}

    void run();

    // For the functions
    any_generator call(int number);
    /// What instruction `i` of a function delegates to. @return empty if the slot is; `local` keeps what nobody else does
    any_generator& target(const instruction& i, any_generator& local);
    const range& range_of(const instruction& i) const {
        return program_.ranges[static_cast<std::size_t>(i.arguments[1])];
    }
    void act(const range& r);
    void make(int slot, int number);
    std::string look(int slot);
    void perform(const deed& d);
    void resume_from_guard(int slot) noexcept override;

private:
    any_generator& slot(int number) { return slots_[static_cast<std::size_t>(number)]; }
    void renew(int slot, int number);
    void drop(int number);
    template <class Action>
    void attempt(const char* name, int number, Action action);
    template <class G>
    std::string perform(G& g, const deed& d);
    template <class G>
    std::string iterate(G& g, int number, int most);

    const program& program_;
    std::array<any_generator, slot_count> slots_;
    bool dropping_ = false;
};

template <class G>
G body(world& around, const function& f) {
    frame here(around, f);
    for (;;) {
        std::exception_ptr error;
        try {
            const instruction& i = here.next();
            switch (i.op) {
                case operation::yield:
                    if constexpr (takes_values<G>) {
                        const std::optional<int> sent = co_yield here.value_of(i.site);
                        here.log(i.site, sent ? "got " + std::to_string(*sent) : "got -");
                    } else {
                        co_yield here.value_of(i.site);
                        here.log(i.site, "resumed");
                    }
                    break;
                case operation::from: {
                    here.delegates(i.site, false);
                    switch (static_cast<delegated>(i.arguments[0])) {
                        case delegated::list:
                            co_yield weft::from(std::vector<int>(around.range_of(i).elements));
                            here.delegated_to_void();
                            break;
                        case delegated::shared_list:
                            co_yield weft::from(around.range_of(i).elements);
                            here.delegated_to_void();
                            break;
                        case delegated::acting: {
                            const range& r = around.range_of(i);
                            co_yield weft::from(acting_range(r, [&] { around.act(r); }));
                            here.delegated_to_void();
                            break;
                        }
                        case delegated::call:
                        case delegated::slot: {
                            any_generator local;
                            any_generator& target = around.target(i, local);
                            here.delegates(i.site, has_finished(target));
                            if (auto* s = std::get_if<silent>(&target)) {
                                here.delegated_to(co_yield weft::from(std::move(*s)));
                            } else if (auto* p = std::get_if<plain>(&target)) {
                                co_yield weft::from(std::move(*p));
                                here.delegated_to_void();
                            } else if constexpr (takes_values<G>) {
                                if (auto* u = std::get_if<full>(&target)) {
                                    here.delegated_to(co_yield weft::from(std::move(*u)));
                                } else {
                                    here.log(i.site, "skipped");
                                }
                            } else {
                                here.log(i.site, "skipped");
                            }
                            break;
                        }
                    }
                    break;
                }
                case operation::return_:
                    here.log(i.site, "returns");
                    if constexpr (has_result<G>) {
                        co_return here.value_of(i.site);
                    } else {
                        co_return;
                    }
                case operation::make: around.make(i.arguments[0], i.arguments[1]); break;
                case operation::state: here.log(i.site, "sees " + around.look(i.arguments[0])); break;
                default:
                    around.perform(
                        {static_cast<verb>(i.arguments[0]), i.arguments[1], {i.arguments[2], i.arguments[3]}});
            }
        } catch (...) {
            error = std::current_exception();
        }
        if (error) here.handle(error);
    }
}

any_generator world::call(int number) {
    const function& f = program_.functions[static_cast<std::size_t>(number)];
    switch (f.kind) {
        case function_kind::full: return body<full>(*this, f);
        case function_kind::silent: return body<silent>(*this, f);
        case function_kind::plain: break;
    }
    return body<plain>(*this, f);
}

any_generator& world::target(const instruction& i, any_generator& local) {
    if (static_cast<delegated>(i.arguments[0]) == delegated::call) return local = call(i.arguments[1]);
    any_generator& source = slot(i.arguments[1]);
    if (is_running(source)) return source;  // refused by from(), and stays where it is
    const bool fits =
        static_cast<function_kind>(i.arguments[2]) == function_kind::full || !std::holds_alternative<full>(source);
    if (fits) local = std::exchange(source, std::monostate());
    return local;
}

void world::act(const range& r) {
    if (r.error != none) std::rethrow_exception(made(static_cast<raised>(r.error), r.error_number));
    perform({verb::next, r.slot, {}});
}

void world::make(int number, int function) {
    if (!is_empty(slot(number))) return;
    slot(number) = call(function);
    log.line(std::to_string(number) + " made f" + std::to_string(function));
}

void world::renew(int number, int function) {
    if (has_finished(slot(number))) slot(number) = std::monostate();
    make(number, function);
}

std::string world::look(int number) {
    return std::visit(
        []<class G>(const G& g) -> std::string {
            if constexpr (std::is_same_v<G, std::monostate>) {
                return "empty";
            } else {
                return state(g);
            }
        },
        slot(number));
}

void world::resume_from_guard(int number) noexcept {
    if (dropping_) return;  // a generator that is being destroyed cannot be asked
    try {
        perform({verb::next, number, {}});
    } catch (...) {  // has been logged
    }
}

void world::drop(int number) {
    if (is_empty(slot(number)) || is_running(slot(number))) {
        log.line(std::to_string(number) + " cannot be dropped");
        return;
    }
    log.line(std::to_string(number) + " drop");
    dropping_ = true;
    std::exchange(slot(number), std::monostate());
    dropping_ = false;
}

const char* name_of(verb v) {
    constexpr std::array names = {"next", "iterate", "send", "throw", "close"};
    return names[static_cast<std::size_t>(v)];
}

void world::perform(const deed& d) {
    if (d.what == verb::drop) return drop(d.slot);
    if (d.what == verb::renew) return renew(d.slot, d.argument[0]);
    const std::string slot_name = std::to_string(d.slot);
    const auto report = [&](const std::string& outcome) {
        log.line(slot_name + " " + name_of(d.what) + ": " + outcome + " " + look(d.slot));
    };
    std::visit(
        [&]<class G>(G& g) {
            if constexpr (std::is_same_v<G, std::monostate>) {
                log.line(slot_name + " " + name_of(d.what) + ": empty");
            } else if (d.what == verb::send && !takes_values<G>) {
                log.line(slot_name + " takes nothing");
            } else {
                std::string outcome;
                const bool had_finished = g.done();
                try {
                    outcome = perform(g, d);
                } catch (...) {
                    report("raises " + describe(std::current_exception()));
                    if (!had_finished) check_that_nothing_was_returned(log, g);
                    throw;
                }
                report(outcome);
            }
        },
        slot(d.slot));
}

template <class G>
std::string world::perform(G& g, const deed& d) {
    const bool had_finished = g.done();
    const auto outcome = [&](const std::optional<int>& element) -> std::string {
        if (element) return std::to_string(*element);
        if constexpr (has_result<G>) {
            if (!had_finished) return "end " + std::to_string(g.result());
        }
        return "end -";
    };
    switch (d.what) {
        case verb::next: return outcome(g.next());
        case verb::iterate: return iterate(g, d.slot, d.argument[0]);
        case verb::send:
            if constexpr (takes_values<G>) return outcome(g.send(d.argument[0]));
            break;
        case verb::throw_: return outcome(g.raise(made(static_cast<raised>(d.argument[0]), d.argument[1])));
        case verb::close:
            if constexpr (has_result<G>) {
                const std::optional<int> result = g.close();
                if (!had_finished) check_that_nothing_was_returned(log, g);
                return result ? "closed " + std::to_string(*result) : "closed";
            } else {
                g.close();
                return "closed";
            }
        case verb::drop:
        case verb::renew:
        case verb::pause: break;
    }
    return "what cannot be";
}

template <class G>
std::string world::iterate(G& g, int number, int most) {
    for (int element : g) {
        log.line(std::to_string(number) + " gives " + std::to_string(element));
        if (--most == 0) return "enough";
    }
    return "no more";
}

void world::run() {
    for (const deed& d : program_.script) {
        if (log.is_full()) break;
        try {
            perform(d);
        } catch (...) {  // has been logged
        }
    }
    for (int number = 0; number < slot_count; ++number) drop(number);
}

}  // namespace
}  // namespace differential

int main() {
    std::ios::sync_with_stdio(false);
    differential::program p;
    while (differential::read(std::cin, p)) {
        differential::world w(p);
        w.run();
        std::cout << "program " << p.seed << '\n' << w.log.text() << std::flush;
    }
}
