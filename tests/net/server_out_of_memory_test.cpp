// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of a conversation: somebody is told, everybody goes on, nothing is left.
#include "counted_allocations.hpp"
#include "io/operations.hpp"

#include <cerrno>
#include <exception>
#include <new>
#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

struct outcome {
    bool complete = false, told = false;
    std::size_t allocations = 0;
};

/// Of anything but the want of memory, and what follows from it, the test is told.
void note(outcome& out, const std::exception_ptr& error) {
    if (!error) return;
    out.told = true;
    try {
        std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
    } catch (const std::system_error& e) {
        const int code = e.code().value();
        EXPECT_TRUE(code == ENOMEM || code == ECONNRESET || code == EPIPE || code == ECONNABORTED) << e.what();
    } catch (const weft::incomplete_read_error&) {
    } catch (const std::exception& e) {
        ADD_FAILURE() << e.what();
    }
}

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
    loop.set_exception_handler([&out](weft::event_loop&, const weft::error_context& c) { note(out, c.exception); });
    auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
    auto bystander = co_await weft::open_connection("127.0.0.1", server.port());
    co_await bystander.write("hello\n");
    EXPECT_EQ(co_await bystander.read_line(), "hello");

    const std::size_t before = allocations.load();
    failing_allocation = before + number;
    std::exception_ptr error;
    try {
        out.complete = co_await talk(server.port());
    } catch (...) {
        error = std::current_exception();
    }
    const std::size_t after = allocations.load();
    for (int i = 0; i < 100; ++i) co_await weft::yield_now();
    failing_allocation = no_allocation;
    note(out, error);
    out.allocations = after - before;

    co_await bystander.write("still here?\n");
    EXPECT_EQ(co_await bystander.read_line(), "still here?");
    EXPECT_TRUE(co_await talk(server.port()));
    server.close();
    co_await bystander.close();
    co_await server.wait_closed();
    co_return out;
}

TEST(a_conversation, without_memory_anywhere_tells_somebody) {
    const auto descriptors = open_descriptors();
    std::size_t number = 0, last = 1;
    for (; number < last; ++number) {
        SCOPED_TRACE(testing::Message() << "allocation " << number);
        const outcome out =
            weft::run(conversation_without(number));  // the virtual clock's own allocations are none of it
        EXPECT_TRUE(out.complete || out.told);
        last = std::max(last, out.allocations);
        if (HasFailure()) return;
    }
    EXPECT_GT(number, 20u);
    EXPECT_EQ(open_descriptors(), descriptors);
}

#endif

}  // namespace
