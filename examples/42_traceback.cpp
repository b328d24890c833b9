// SPDX-License-Identifier: Apache-2.0
// An exception knows which coroutines it came through: of this task, of the tasks it awaited, of generators, of groups.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using weft::task;

namespace {

weft::generator<std::string> shelf() {
    co_yield "green";
    co_yield "black";
    throw std::out_of_range("no more tea");
}

task<std::string> third_tea() {
    auto teas = shelf();
    teas.next();
    teas.next();
    co_return *teas.next();
}

task<> brew(int cups) {
    co_await weft::sleep(1ms);
    if (cups > 2) throw std::runtime_error("no pot for " + std::to_string(cups));
}

task<> serve() { co_await weft::gather(third_tea(), brew(2)); }

task<> brew_both(weft::task_group& group) {
    group.create_task(brew(3));
    group.create_task(brew(4));
    co_return;
}

task<> serve_all() { co_await weft::with(weft::task_group(), brew_both); }

task<> open_shop() {
    try {
        co_await serve();
    } catch (...) {
        std::throw_with_nested(std::runtime_error("the shop stays closed"));
    }
}

/// What a log would say. Without the folder that this file was compiled in, so that it is the same everywhere.
void show(const std::exception_ptr& error) {
    std::string text = weft::format_exception(error), folder = __FILE__;
    folder.erase(folder.rfind('/') + 1);
    for (auto at = text.find(folder); !folder.empty() && at != std::string::npos; at = text.find(folder)) {
        text.erase(at, folder.size());
    }
    std::puts(text.c_str());
}

}  // namespace

int main() {
    for (const auto main_task : {serve, serve_all, open_shop}) {
        try {
            weft::run(main_task());
        } catch (...) {
            show(std::current_exception());
        }
    }
}
