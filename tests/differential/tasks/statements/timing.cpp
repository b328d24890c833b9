// SPDX-License-Identifier: Apache-2.0
#include "../world.hpp"

#include <weft/flow/sleep.hpp>
#include <weft/flow/wait_for.hpp>
#include <weft/flow/with.hpp>

// Sleeping and deadlines, as in timing.py.

namespace differential {
namespace {

weft::task<bool> sleep(body& b, const statement& s) {
    co_await weft::sleep(*duration(s.numbers[0]));
    b.log(s.site, "slept");
    co_return false;
}

weft::task<bool> within(body& b, const statement& s, weft::timeout limit) {
    std::exception_ptr error;
    bool returned = false;
    try {
        returned = co_await with(limit, [&](weft::timeout& entered) -> weft::task<bool> {
            b.around.timeouts[s.numbers[0]] = &entered;
            co_return co_await b.block(s.blocks[0]);
        });
    } catch (...) {
        error = std::current_exception();
    }
    b.around.timeouts.erase(s.numbers[0]);
    b.log(s.site, "expired " + text(static_cast<int>(limit.expired())) + cancelling());
    if (error) std::rethrow_exception(error);
    co_return returned;
}

weft::task<bool> timeout(body& b, const statement& s) {
    const auto delay = duration(s.numbers[1]);
    return within(b, s, delay ? weft::timeout(*delay) : weft::timeout(std::nullopt));
}

weft::task<bool> timeout_at(body& b, const statement& s) {
    const number when = s.numbers[1];
    return within(b, s, weft::timeout_at(when == none ? std::nullopt : std::optional(b.around.at(when))));
}

void reschedule(world& w, const std::string& who, const statement& s) {
    const auto found = w.timeouts.find(s.numbers[0]);
    if (found == w.timeouts.end() || found->second->expired()) return;
    const auto delay = duration(s.numbers[1]);
    found->second->reschedule(delay ? std::optional(w.loop().time() + *delay) : std::nullopt);
    w.log(who, s.site, "reschedules " + text(s.numbers[0]));
}

weft::task<bool> wait_for(body& b, const statement& s) {
    const auto thing = b.around.thing(s.numbers[0]);
    if (!thing) co_return false;
    const auto limit = duration(s.numbers[1]);
    const number got =
        co_await without_message(limit ? weft::wait_for(*thing, *limit) : weft::wait_for(*thing, std::nullopt));
    b.log(s.site, "gets " + text(got));
    co_return false;
}

weft::task<bool> wait_for_block(body& b, const statement& s) {
    const auto limit = duration(s.numbers[0]);
    auto inner = b.block(s.blocks[0]);
    const bool returned =
        co_await (limit ? weft::wait_for(std::move(inner), *limit) : weft::wait_for(std::move(inner), std::nullopt));
    b.log(s.site, "in time");
    co_return returned;
}

}  // namespace

vocabulary timing_words() {
    return {.actions = {{"reschedule", reschedule}},
            .activities = {{"sleep", sleep},
                           {"timeout", timeout},
                           {"timeout_at", timeout_at},
                           {"wait_for", wait_for},
                           {"wait_for_block", wait_for_block}}};
}

}  // namespace differential
