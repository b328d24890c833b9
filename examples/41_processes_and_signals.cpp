// SPDX-License-Identifier: Apache-2.0
// Children that take too long are asked to stop, then stopped; a signal to this program is just another thing to wait for.
//
//     try:
//         await asyncio.wait_for(process.wait(), limit)
//     except TimeoutError:
//         process.terminate()
#include <weft/process/process.hpp>
#include <weft/process/signal_stream.hpp>
#include <weft/weft.hpp>

#include <csignal>
#include <cstdio>

using namespace std::chrono_literals;

/// Waits for a child's end at most `limit`, then asks for it, then insists.
weft::task<weft::exit_status> finish(weft::process& child, weft::clock::duration limit) {
    for (const int signal : {SIGTERM, SIGKILL}) {
        if (auto done = co_await weft::try_(weft::wait_for(child.wait(), limit))) co_return done.value();
        child.send_signal(signal);  // a wait that is over does not end the child: this does
    }
    co_return co_await child.wait();
}

weft::task<> show(const char* name, const char* command, weft::clock::duration limit) {
    auto child = co_await weft::run_shell(command, {.stdout_ = weft::pipe});
    co_await child.stdout_.read_line();  // it is ready
    std::printf("%s: %s\n", name, (co_await finish(child, limit)).to_string().c_str());
}

weft::task<> main_task() {
    co_await show("quick", "echo; exit 3", 1min);
    co_await show("slow", "echo; exec sleep 3600", 10ms);
    co_await show("stubborn", "trap '' TERM; echo; exec sleep 3600", 10ms);

    weft::signal_stream signals(SIGINT, SIGUSR1);  // from here on neither ends this program
    auto child = co_await weft::run_shell("kill -USR1 $PPID; exec sleep 3600");
    auto first = co_await weft::select(signals.next(), child.wait());
    if (first.index() == 0) std::printf("got %s\n", weft::signal_name(std::get<0>(first)).c_str());
    child.kill();
    std::printf("child: %s\n", (co_await child.wait()).to_string().c_str());
}

int main() { weft::run(main_task()); }
