// SPDX-License-Identifier: Apache-2.0
// New: `async with` and `async for`. Entering, leaving, and asking for the next one may all wait. What is entered is left
// whatever happens inside; its exit() is told of an exception, and may swallow it.
#include <weft/weft.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

class shop {
public:
    weft::task<shop&> enter() {
        co_await weft::sleep(1ms);
        std::puts("the shop opens");
        co_return *this;
    }
    /// @return whether the exception goes no further
    weft::task<bool> exit(std::exception_ptr error) {
        co_await weft::sleep(1ms);
        try {
            if (error) std::rethrow_exception(error);
        } catch (const std::runtime_error& e) {
            std::printf("%s: ", e.what());
        }
        std::puts("the shop closes");
        co_return error != nullptr;
    }
    void serve(const std::string& name) {
        if (loaves_ == 0) throw std::runtime_error("no bread for " + name);
        --loaves_;
        std::printf("bread for %s\n", name.c_str());
    }

private:
    int loaves_ = 2;
};

weft::async_generator<std::string> customers() {
    for (const char* name : {"ann", "ben", "cat"}) {
        co_await weft::sleep(1ms);
        co_yield name;
    }
}

weft::task<> main_task() {
    co_await weft::with(shop(), [](shop& open) -> weft::task<> {
        auto queue = customers();
        while (const auto name = co_await queue.next()) open.serve(*name);
    });
    std::puts("nobody complains");
}

int main() { weft::run(main_task()); }
