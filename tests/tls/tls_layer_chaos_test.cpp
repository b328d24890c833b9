// SPDX-License-Identifier: Apache-2.0
// Connections that open, talk, upgrade, close, break off and are cancelled at any moment: what comes back is what was
// sent, as far as it comes, and at the end nothing is left.
#include "io/operations.hpp"
#include "tls/secured.hpp"

#include <random>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

weft::task<> echo(weft::stream s) {
    try {
        while (!(co_await s.peek()).empty()) {
            co_await s.write(s.buffered());
            s.consume(s.buffered().size());
        }
    } catch (const std::system_error&) {  // the client broke off
    }
}

/// The byte at a place of what every client sends.
char byte_at(std::size_t place) { return static_cast<char>('a' + place * 7 % 26); }

weft::task<> check_echo(weft::stream& s, std::size_t& received) {
    while (true) {
        const std::string part = co_await s.read(50'000);
        if (part.empty()) co_return;
        bool is_right = true;
        for (const char c : part) is_right = is_right && c == byte_at(received++);
        EXPECT_TRUE(is_right);
    }
}

weft::task<> talk(std::uint16_t port, weft::tls_context context, unsigned seed) {
    std::mt19937 random(seed);
    try {
        auto s = co_await weft::open_connection("127.0.0.1", port, {.tls = context, .limit = 4096});
        std::size_t sent = 0, received = 0;
        auto checking = weft::create_task(check_echo(s, received));
        try {
            for (unsigned i = random() % 8; i > 0; --i) {
                std::string text(random() % 3 ? random() % 2000 : random() % 200'000, ' ');
                for (char& c : text) c = byte_at(sent++);
                co_await s.write(text);
                if (random() % 4 == 0) co_await weft::sleep(1ms);
            }
            switch (random() % 4) {
                case 0:
                    s.write_eof();
                    co_await checking;
                    EXPECT_EQ(received, sent);
                    break;
                case 1: co_await s.close(); break;
                case 2: s.abort(); break;
                default: break;  // destroyed as it is
            }
        } catch (const std::system_error&) {
        } catch (const weft::cancelled_error&) {
        }
        checking.cancel();
        try {
            co_await checking;
        } catch (const std::system_error&) {
        } catch (const weft::cancelled_error&) {
        }
    } catch (const std::system_error&) {
    }
}

weft::task<> live(weft::tls_context client, weft::tls_context server_side, unsigned seed) {
    weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    std::mt19937 random(seed);
    auto server = co_await weft::start_server(echo, "127.0.0.1", 0, {.tls = server_side, .limit = 4096});
    std::vector<weft::task_handle<>> tasks;
    for (int i = 0; i < 20; ++i) {
        tasks.push_back(weft::create_task(talk(server.port(), client, static_cast<unsigned>(random()))));
        if (random() % 2) co_await weft::yield_now();
    }
    for (auto& t : tasks) {
        if (random() % 2) continue;
        for (auto turns = random() % 20; turns > 0; --turns) co_await weft::yield_now();
        t.cancel();
    }
    for (auto& t : tasks) {
        try {
            co_await t;
        } catch (const weft::cancelled_error&) {
        }
    }
    server.close();
    co_await weft::sleep(60s);  // as long as the slowest leave may take
    if (server.connections() > 0) server.cancel_connections();
    co_await server.wait_closed();
}

TEST(tls, survives_any_mix_of_talk_and_cancellation) {
    const auto client = client_context();
    const auto server = server_context();
    weft::testing::run(live(client, server, 0));  // what is opened once and kept
    const std::size_t before = open_descriptors();
    for (unsigned seed = 1; seed <= 40; ++seed) {
        weft::testing::run(live(client, server, seed), {.seed = seed});
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
