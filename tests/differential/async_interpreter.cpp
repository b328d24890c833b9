// SPDX-License-Identifier: Apache-2.0
// Runs programs of async generators with weft's: reads them from stdin, prints the log of each. The counterpart of
// async_reference.py, which says what is logged and why.
#include "errors.hpp"
#include "frame.hpp"
#include "program.hpp"

#include <weft/coro/async_generator.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <array>
#include <iostream>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace differential {
namespace {

using full = weft::async_generator<int, std::optional<int>>;
using silent = weft::async_generator<int>;
using any_generator = std::variant<std::monostate, full, silent>;

template <class G>
constexpr bool takes_values = std::is_same_v<G, full>;

std::string state(const any_generator& any) {
    return std::visit(
        []<class G>(const G& g) -> std::string {
            if constexpr (std::is_same_v<G, std::monostate>) {
                return "empty";
            } else {
                switch (g.state()) {
                    case weft::generator_state::created: return "C";
                    case weft::generator_state::running: return "R";
                    case weft::generator_state::suspended: return "S";
                    case weft::generator_state::closed: break;
                }
                return "X";
            }
        },
        any);
}

/// One program at work: its slots, and what is done to them.
class world final : public surroundings {
public:
    explicit world(const program& p) : program_(p) {}

    weft::task<> run();

    // For the functions
    void make(int slot, int number);
    std::string look(int number) const { return state(slots_[static_cast<std::size_t>(number)].generator); }
    weft::task<> perform(deed d);
    void resume_from_guard(int) noexcept override {}

private:
    struct slot {
        any_generator generator;
        bool ignored_close = false;
    };
    slot& at(int number) { return slots_[static_cast<std::size_t>(number)]; }
    any_generator call(int number);
    void renew(int number, int function);
    void drop(int number);
    weft::task<> perform_alone(deed d);
    template <class G>
    weft::task<> attempt(G& g, deed d);
    template <class G>
    weft::task<std::string> outcome(G& g, deed d);
    template <class G>
    weft::task<std::string> iterate(G& g, int number, int most);

    const program& program_;
    std::array<slot, slot_count> slots_;
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
                case operation::pause:
                    co_await weft::yield_now();
                    here.log(i.site, "resumed");
                    break;
                case operation::return_: here.log(i.site, "returns"); co_return;
                case operation::make: around.make(i.arguments[0], i.arguments[1]); break;
                case operation::state: here.log(i.site, "sees " + around.look(i.arguments[0])); break;
                default:
                    co_await around.perform(
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
    if (f.kind == function_kind::full) return body<full>(*this, f);
    return body<silent>(*this, f);
}

void world::make(int number, int function) {
    if (at(number).generator.index() != 0) return;
    at(number) = {call(function)};
    log.line(std::to_string(number) + " made f" + std::to_string(function));
}

void world::renew(int number, int function) {
    if (look(number) == "X") at(number).generator = std::monostate();
    make(number, function);
}

void world::drop(int number) {
    if (look(number) == "empty" || look(number) == "R") {
        log.line(std::to_string(number) + " cannot be dropped");
        return;
    }
    log.line(std::to_string(number) + " drop");
    log.mute(at(number).ignored_close);  // CPython cannot destroy it
    std::exchange(at(number).generator, std::monostate());
    log.mute(false);
}

const char* name_of(verb v) {
    constexpr std::array names = {"next", "iterate", "send", "throw", "close"};
    return names[static_cast<std::size_t>(v)];
}

weft::task<> world::perform(deed d) {
    slot& s = at(d.slot);
    const std::string slot_name = std::to_string(d.slot);
    switch (d.what) {
        case verb::drop: drop(d.slot); co_return;
        case verb::renew: renew(d.slot, d.argument[0]); co_return;
        case verb::pause: co_await weft::yield_now(); co_return;
        case verb::send:
            if (!std::holds_alternative<silent>(s.generator)) break;
            log.line(slot_name + " takes nothing");
            co_return;
        case verb::throw_:
            if (!s.ignored_close) break;
            log.line(slot_name + " has ignored a close");
            co_return;
        case verb::close:
            if (!s.ignored_close && look(d.slot) != "R") break;
            log.line(slot_name + " is not closed");
            co_return;
        case verb::next:
        case verb::iterate: break;
    }
    if (auto* f = std::get_if<full>(&s.generator)) {
        co_await attempt(*f, d);
    } else if (auto* g = std::get_if<silent>(&s.generator)) {
        co_await attempt(*g, d);
    } else {
        log.line(slot_name + " " + name_of(d.what) + ": empty");
    }
}

template <class G>
weft::task<> world::attempt(G& g, deed d) {
    std::string came;
    std::exception_ptr error;
    try {
        came = co_await outcome(g, d);
    } catch (...) {
        error = std::current_exception();
        came = "raises " + describe(error);
        if (d.what == verb::close && came == "raises ignored") at(d.slot).ignored_close = true;
    }
    log.line(std::to_string(d.slot) + " " + name_of(d.what) + ": " + came + " " + look(d.slot));
    if (error) std::rethrow_exception(error);
}

template <class G>
weft::task<std::string> world::outcome(G& g, deed d) {
    std::optional<int> element;
    switch (d.what) {
        case verb::iterate: co_return co_await iterate(g, d.slot, d.argument[0]);
        case verb::close: co_await g.close(); co_return "closed";
        case verb::throw_: element = co_await g.raise(made(static_cast<raised>(d.argument[0]), d.argument[1])); break;
        case verb::send:
            if constexpr (takes_values<G>) element = co_await g.send(d.argument[0]);
            break;
        default: element = co_await g.next();
    }
    co_return element ? std::to_string(*element) : "end";
}

template <class G>
weft::task<std::string> world::iterate(G& g, int number, int most) {
    while (const std::optional<int> element = co_await g.next()) {
        log.line(std::to_string(number) + " gives " + std::to_string(*element));
        if (--most == 0) co_return "enough";
    }
    co_return "no more";
}

weft::task<> world::perform_alone(deed d) {
    try {
        co_await perform(d);
    } catch (...) {  // has been logged
    }
}

weft::task<> world::run() {
    std::vector<weft::task_handle<void>> tasks;
    for (const deed& d : program_.script) {
        if (log.is_full()) break;
        if (d.in_task) {
            tasks.push_back(weft::create_task(perform_alone(d)));
        } else {
            co_await perform_alone(d);
        }
    }
    for (auto& t : tasks) co_await t;
    for (int number = 0; number < slot_count; ++number) drop(number);
}

}  // namespace
}  // namespace differential

int main() {
    std::ios::sync_with_stdio(false);
    differential::program p;
    while (differential::read(std::cin, p)) {
        differential::world w(p);
        weft::testing::run(w.run());
        std::cout << "program " << p.seed << '\n' << w.log.text() << std::flush;
    }
}
