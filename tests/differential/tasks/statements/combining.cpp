// SPDX-License-Identifier: Apache-2.0
#include "../world.hpp"

#include <weft/flow/as_completed.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/shield.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/wait.hpp>

#include <array>
#include <set>

// Several at once, as in combining.py.

namespace differential {
namespace {

/// Those that are there, each once, in the order in which they are written.
std::vector<weft::future<number>> things(const body& b, const statement& s, std::size_t from) {
    std::vector<weft::future<number>> all;
    std::set<number> had;
    for (; from < s.numbers.size(); ++from) {
        if (const auto one = b.around.thing(s.numbers[from]); one && had.insert(s.numbers[from]).second) {
            all.push_back(*one);
        }
    }
    return all;
}

weft::task<number> as_task(weft::future<number> f) { co_return co_await f; }

weft::task<bool> shield(body& b, const statement& s) {
    if (const auto thing = b.around.thing(s.numbers[0])) {
        b.log(s.site, "gets " + text(co_await without_message(as_task(weft::shield(*thing)))));
    } else {
        b.log(s.site, "nobody");
    }
    co_return false;
}

weft::task<bool> gather(body& b, const statement& s) {
    std::string all = "gets";
    for (const number one : co_await without_message(weft::gather(things(b, s, 0)))) all += " " + text(one);
    b.log(s.site, all);
    co_return false;
}

std::string settled(const weft::outcome<number>& one) {
    if (one) return text(one.value());
    return weft::is_cancellation(one.exception()) ? "cancelled" : describe(one.exception());
}

weft::task<bool> gather_settled(body& b, const statement& s) {
    std::string all = "gets";
    for (const auto& one : co_await without_message(weft::gather_settled(things(b, s, 0)))) {
        all += " " + settled(one);
    }
    b.log(s.site, all);
    co_return false;
}

/// The numbers of futures, in order.
std::string numbers_of(const body& b, const std::vector<weft::future<number>>& some) {
    std::set<number> all;
    for (const auto& one : some) all.insert(b.around.number_of(one));
    std::string joined;
    for (const number n : all) joined += " " + text(n);
    return joined;
}

weft::task<bool> wait(body& b, const statement& s) {
    constexpr std::array when = {weft::all_completed, weft::first_completed, weft::first_exception};
    const auto all = things(b, s, 2);
    if (all.empty()) {
        b.log(s.site, "nobody");
        co_return false;
    }
    const auto [done, pending] =
        co_await weft::wait(all, {.timeout = duration(s.numbers[1]), .return_when = when[s.which()]});
    b.log(s.site, "done" + numbers_of(b, done) + " pending" + numbers_of(b, pending));
    co_return false;
}

using completions = weft::async_generator<weft::future<number>>;
weft::task<std::optional<weft::future<number>>> next_of(completions& g) { co_return co_await g.next(); }

weft::task<bool> as_completed(body& b, const statement& s) {
    auto next = weft::as_completed(things(b, s, 2), duration(s.numbers[0]));
    const auto pause = duration(s.numbers[1]);
    while (const auto one = co_await without_message(next_of(next))) {
        b.log(s.site, "gets " + text(co_await without_message(as_task(*one))));
        if (pause) co_await weft::sleep(*pause);
    }
    b.log(s.site, "has all");
    co_return false;
}

}  // namespace

vocabulary combining_words() {
    return {.actions = {},
            .activities = {{"shield", shield},
                           {"gather", gather},
                           {"gather_settled", gather_settled},
                           {"wait", wait},
                           {"as_completed", as_completed}}};
}

}  // namespace differential
