// SPDX-License-Identifier: Apache-2.0
// Happy Eyeballs (RFC 8305): a host has several addresses, some of which never answer. The next one is tried when the
// last has failed or has been silent for a while; the first that answers wins and ends the others. open_connection()
// does this by itself; here it is shown with a group of tasks, on a virtual clock, with hosts that only pretend.
//
//     async with trio.open_nursery() as nursery: ...   # as in Nathaniel Smith's talk
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace std::chrono_literals;

struct target {
    std::string name;
    std::chrono::milliseconds answers_after;
    bool refuses = false;
};

weft::clock::time_point began;
void say(const std::string& text) {
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(weft::get_running_loop().time() - began);
    std::printf("%4d ms: %s\n", static_cast<int>(at.count()), text.c_str());
}

weft::task<> attempt(target to, weft::event& failed, std::string& winner, weft::cancel_scope& all) {
    say("trying " + to.name);
    try {
        co_await weft::sleep(to.answers_after);
    } catch (const weft::cancelled_error&) {
        say("gave up " + to.name);
        throw;
    }
    say(to.name + (to.refuses ? " refuses" : " answers"));
    if (to.refuses) co_return failed.set();
    winner = to.name;
    all.cancel();
}

weft::task<std::string> first_to_answer(std::vector<target> targets) {
    std::string winner;
    co_await weft::with(weft::cancel_scope(), [&](weft::cancel_scope& all) -> weft::task<> {
        std::vector<weft::event> failed(targets.size());
        co_await weft::with(weft::task_group(), [&](weft::task_group& group) -> weft::task<> {
            for (std::size_t i = 0; i < targets.size(); ++i) {
                group.create_task(attempt(targets[i], failed[i], winner, all));
                co_await weft::move_on_after(250ms, [&]() -> weft::task<> { co_await failed[i].wait(); });
            }
        });
    });
    co_return winner;
}

weft::task<> main_task() {
    began = weft::get_running_loop().time();
    const std::vector<target> targets = {
        {"[2001:db8::1]", 10s}, {"192.0.2.1", 20ms, true}, {"[2001:db8::2]", 400ms}, {"192.0.2.2", 5s}};
    const auto winner = co_await first_to_answer(targets);
    say("connected to " + winner);

    // The same, of real connections: every address that failed is in the error.
    try {
        co_await weft::open_connection("127.0.0.1", 1, {.timeout = 5s, .happy_eyeballs_delay = 250ms});
    } catch (const weft::connect_error& e) {
        for (const auto& failure : e.failures()) std::printf("%s\n", failure.what.c_str());
    }
}

int main() { weft::testing::run(main_task()); }
