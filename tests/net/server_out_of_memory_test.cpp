// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of a conversation: somebody is told, everybody goes on, nothing is left.
#include "net/faulty_network.hpp"
#include "net/socket.hpp"
#include "without_memory.hpp"

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

/// While it lives, there is no memory at all, from an allocation on.
class no_memory {
public:
    explicit no_memory(std::size_t number) : first_(allocations.load() + number) {
        rest_fails = true;
        failing_allocation = first_;
    }
    no_memory(const no_memory&) = delete;
    no_memory& operator=(const no_memory&) = delete;
    ~no_memory() {
        failing_allocation = no_allocation;
        rest_fails = false;
    }
    bool was_felt() const { return allocations.load() >= first_; }

private:
    std::size_t first_;
};

/// Two that have sent a line to an echo, one at each address.
struct two_clients {
    explicit two_clients(std::uint16_t port) {
        for (const char* const host : {"127.0.0.1", "127.0.0.2"}) {
            weft::socket_address to = weft::numeric_address(host, port).value();
            each.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            EXPECT_EQ(::connect(each.back().get(), to.get(), to.bytes), 0);
            send_all(each.back(), "hello\n");
        }
    }
    bool are_answered() {
        char line[6];
        for (const weft::unique_fd& fd : each) answers += ::recv(fd.get(), line, sizeof line, MSG_DONTWAIT) > 0;
        return answers == 2;
    }
    std::vector<weft::unique_fd> each;
    int answers = 0;
};

/// @return whether there was too little
weft::task<bool> accept_without_any_from(std::size_t number, weft::server_options options) {
    int told = 0;
    auto& loop = weft::get_running_loop();
    loop.set_exception_handler([&told](weft::event_loop&, const weft::error_context&) { ++told; });
    const std::vector<std::string> hosts{"127.0.0.1", "127.0.0.2"};
    auto server = co_await weft::start_server(echo, hosts, 0, options);
    auto bystander = co_await weft::open_connection("127.0.0.1", server.port());
    co_await bystander.write("hello\n");
    EXPECT_EQ(co_await bystander.read_line(), "hello");
    two_clients clients(server.port());
    bool felt = false;
    {
        const no_memory all_gone(number);
        for (int i = 0; i < 5000 && told == 0 && !clients.are_answered(); ++i) co_await weft::yield_now();
        felt = all_gone.was_felt();
    }
    co_await bystander.write("still here?\n");
    EXPECT_EQ(co_await bystander.read_line(), "still here?");
    co_await bystander.close();
    for (int i = 0; i < 1'000'000 && told == 0 && !clients.are_answered(); ++i) co_await weft::yield_now();
    EXPECT_TRUE(told > 0 || clients.answers == 2);
    clients.each.clear();
    EXPECT_TRUE(co_await talk(server.port()));
    loop.set_exception_handler(nullptr);
    co_return felt;
}

/// @param options  a server's
void accept_without_any(const weft::server_options& options) {
    std::size_t number = 0;
    for (bool felt = true; felt && !testing::Test::HasFailure(); ++number) {
        SCOPED_TRACE(testing::Message() << "from allocation " << number << " on");
        felt = weft::run(accept_without_any_from(number, options));
    }
    EXPECT_GT(number, 3u);
}

TEST(a_server, without_any_memory_says_so_and_serves_when_there_is_some_again) { accept_without_any({}); }
TEST(a_server, without_any_memory_and_with_a_limit_likewise) { accept_without_any({.max_connections = 2}); }

/// The exception handler destroys the server, in the midst of what could not be done.
TEST(a_server, with_a_limit_may_be_destroyed_by_who_hears_that_there_is_no_memory) {
    const std::size_t attempts = survive_each_allocation([](std::size_t number) {
        return weft::run([](std::size_t failing) -> weft::task<std::size_t> {
            bool told = false;
            const std::vector<std::string> hosts{"127.0.0.1", "127.0.0.2"};
            auto made_server = co_await weft::start_server(echo, hosts, 0, {.max_connections = 7});
            std::optional<weft::server> server(std::move(made_server));
            auto& loop = weft::get_running_loop();
            loop.set_exception_handler([&](weft::event_loop&, const weft::error_context&) {
                told = true;
                server.reset();
            });
            std::vector<two_clients> clients;  // many: the first are served with what memory the start has left
            for (int i = 0; i < 4; ++i) clients.emplace_back(server->port());
            std::size_t made = 0;
            {
                const one_without_memory here(failing);
                for (int i = 0; i < 1'000'000 && !told && !clients[2].are_answered(); ++i) co_await weft::yield_now();
                made = told ? failing + 1 : here.allocations_made();  // there may have been more to come
            }
            clients.clear();
            for (int i = 0; i < 100; ++i) co_await weft::yield_now();
            loop.set_exception_handler(nullptr);
            co_return made;
        }(number));
    });
    EXPECT_GT(attempts, 3u);
}

TEST(listener, that_cannot_accept_and_has_no_memory_to_say_so_says_what_it_can) {
    for (const bool is_heard : {true, false}) {
        network_weather weather{.accept_errors = {EMFILE}};
        run_in(weather, [is_heard]() -> weft::task<> {
            bool told = false;
            auto& loop = weft::get_running_loop();
            if (is_heard) {
                loop.set_exception_handler([&told](weft::event_loop&, const weft::error_context& c) {
                    told = c.message.empty() && c.exception;
                });
            }
            auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
            testing::internal::CaptureStderr();
            {
                const no_memory all_gone(0);
                for (int i = 0; i < 3000; ++i) co_await weft::yield_now();
            }
            EXPECT_THAT(
                testing::internal::GetCapturedStderr(),
                testing::HasSubstr("weft: cannot accept connections for now: pausing 100 ms at a time (and there "
                                   "is no memory to say more)\n"));
            EXPECT_EQ(told, is_heard);
            EXPECT_TRUE(co_await talk(server.port()));
        });
    }
}

#endif

}  // namespace
