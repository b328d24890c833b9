// SPDX-License-Identifier: Apache-2.0
// A variable that every task has for itself: which request it serves.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;
using weft::task;

namespace {

const weft::context_var<std::string> request{"none"};

void log(const char* what) { std::printf("[%s] %s\n", request.get().c_str(), what); }

task<> audit() {
    log("audited");  // started with a copy of its creator's
    co_return;
}

task<> handle(std::string id) {
    auto token = request.set(std::move(id));
    log("begins");
    co_await weft::sleep(1ms);
    const auto auditing = weft::create_task(audit());
    request.reset(token);
    log("is done");
    co_await auditing;
}

task<> serve() {
    log("serves");
    co_await handle("1");
    co_await weft::create_task(handle("2"));
    log("goes home");
}

}  // namespace

int main() { weft::run(serve()); }
