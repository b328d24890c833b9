// SPDX-License-Identifier: Apache-2.0
// Tasks that belong together: the block ends when all of them have, and their errors leave together.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using weft::task;

namespace {

task<std::string> fetch(std::string page, std::chrono::milliseconds time) {
    co_await weft::sleep(time);
    co_return "<" + page + ">";
}

task<> fails_after(std::chrono::milliseconds time, std::string why) {
    try {
        co_await weft::sleep(time);
    } catch (const weft::cancelled_error&) {
        std::printf("cancelled: %s never happened\n", why.c_str());
        throw;
    }
    throw std::runtime_error(why);
}

task<> all_go_well() {
    std::string page, style;
    co_await weft::with(weft::task_group{}, [&](weft::task_group& group) -> task<> {
        group.create_task([&]() -> task<> { page = co_await fetch("page", 20ms); });
        group.create_task([&]() -> task<> { style = co_await fetch("style", 10ms); });
        co_return;
    });
    std::printf("%s %s\n", page.c_str(), style.c_str());
}

task<> one_fails() {
    try {
        co_await weft::with(weft::task_group{}, [&](weft::task_group& group) -> task<> {
            group.create_task(fails_after(10ms, "disk full"));
            group.create_task(fails_after(10ms, "line cut"));
            group.create_task(fails_after(1h, "heat death"));
            co_return;
        });
    } catch (const weft::exception_group& errors) {
        std::printf("%s\n", errors.what());
    }
}

}  // namespace

int main() {
    weft::run(all_go_well());
    weft::run(one_fails());
}
