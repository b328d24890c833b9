// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of a conversation: somebody is told, everybody goes on, nothing is left.
#include "without_memory.hpp"

#include <exception>
#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

struct outcome {
    bool complete = false, told = false;
    std::size_t allocations = 0;

    void note(const std::exception_ptr& error) {
        told = told || error;
        expect_want_of_memory(error);
    }
};

weft::task<> echo(weft::stream s) {
    while (const auto line = co_await s.read_line()) co_await s.write(*line + "\n");
    co_await s.close();
}

weft::task<bool> talk(std::uint16_t port) {
    auto s = co_await weft::open_connection("127.0.0.1", port);
    const std::string line(20'000, 'x');
    for (int i = 0; i < 3; ++i) {
        co_await s.write(line + "\n");
        if (co_await s.read_line() != line) co_return false;
    }
    co_await s.close();
    co_return true;
}

weft::task<outcome> conversation_without(std::size_t number) {
    outcome out;
    auto& loop = weft::get_running_loop();
    loop.set_exception_handler([&out](weft::event_loop&, const weft::error_context& c) { out.note(c.exception); });
    auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
    auto bystander = co_await weft::open_connection("127.0.0.1", server.port());
    co_await bystander.write("hello\n");
    EXPECT_EQ(co_await bystander.read_line(), "hello");

    std::exception_ptr error;
    {
        const one_without_memory failing(number);
        try {
            out.complete = co_await talk(server.port());
        } catch (...) {
            error = std::current_exception();
        }
        out.allocations = failing.allocations_made();
        for (int i = 0; i < 100; ++i) co_await weft::yield_now();
    }
    out.note(error);

    co_await bystander.write("still here?\n");
    EXPECT_EQ(co_await bystander.read_line(), "still here?");
    EXPECT_TRUE(co_await talk(server.port()));
    server.close();
    co_await bystander.close();
    co_await server.wait_closed();
    co_return out;
}

TEST(a_conversation, without_memory_anywhere_tells_somebody) {
    const std::size_t attempts = survive_each_allocation([](std::size_t number) {
        // On the real clock: the virtual one's own allocations are none of it.
        const outcome out = weft::run(conversation_without(number));
        EXPECT_TRUE(out.complete || out.told);
        return out.allocations;
    });
    EXPECT_GT(attempts, 20u);
}

#endif

}  // namespace
