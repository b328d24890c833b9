// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of a conversation over TLS: somebody is told, everybody goes on, nothing is left.
// OpenSSL's own are another test's (tls_engine_memory_test), and not counted here.
#include "io/temporary_file.hpp"
#include "tls/bare_peer.hpp"
#include "tls/openssl_memory.hpp"
#include "tls/secured_protocols.hpp"
#include "without_memory.hpp"

#include <openssl/err.h>

#include <exception>
#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

#ifdef WEFT_TEST_SANITIZED
// A handshake takes so much longer; and OpenSSL's are counted, none of which fails.
constexpr std::size_t step = 11;
#else
constexpr std::size_t step = 1;
#endif

struct outcome {
    bool complete = false, told = false;
    std::size_t allocations = 0;
    void note(const std::exception_ptr& error) {
        if (!error) return;
        told = true;
        try {
            std::rethrow_exception(error);
        } catch (const weft::tls_error& e) {
            const auto code = e.code();
            EXPECT_TRUE(code == weft::tls_errc::truncated || code == weft::tls_errc::closed_in_handshake ||
                        code == weft::tls_errc::refused_by_peer)
                << e.what();
        } catch (const weft::invalid_state_error& e) {  // the other side has ended the connection for want of memory
            EXPECT_TRUE(std::string_view(e.what()).starts_with("start_tls: ")) << e.what();
        } catch (...) {
            expect_want_of_memory(error);
        }
    }
};

/// The contexts are made once.
struct contexts {
    weft::tls_context client = client_context({.shutdown_timeout = std::chrono::milliseconds(300)});
    weft::tls_context server = server_context({.shutdown_timeout = std::chrono::milliseconds(300)});
};

weft::task<> echo(weft::stream s) {
    while (const auto line = co_await s.read_line()) co_await s.write(*line + "\n");
    co_await s.close();
}

weft::task<bool> talk(std::uint16_t port, weft::tls_context context) {
    auto s = co_await weft::open_connection("127.0.0.1", port, {.tls = std::move(context)});
    const std::string line(20'000, 'x');
    for (int i = 0; i < 2; ++i) {
        co_await s.write(line + "\n");
        if (co_await s.read_line() != line) co_return false;
    }
    co_await s.close();
    co_return true;
}

/// The same by protocols, with start_tls in mid-connection.
struct upgrading_echo : weft::protocol {
    upgrading_echo(weft::tls_context c, outcome& o) : context(std::move(c)), out(o) {}
    void connection_made(weft::transport t) override { transport = std::move(t); }
    void data_received(std::span<const std::byte> data) override {
        if (transport.tls()) return transport.write(data);
        transport.write("go on\n");
        weft::spawn(upgrade(transport, context, out));
    }
    void connection_lost(std::exception_ptr error) override { out.note(error); }
    static weft::task<> upgrade(weft::transport t, weft::tls_context c, outcome& o) {
        try {
            auto p = std::static_pointer_cast<upgrading_echo>(t.get_protocol());
            if (p) co_await weft::start_tls(t, p, c);
        } catch (...) {
            o.note(std::current_exception());
            t.abort();
        }
    }
    weft::transport transport;
    weft::tls_context context;
    outcome& out;
};

weft::task<bool> talk_after_start_tls(std::uint16_t port, weft::tls_context context) {
    auto s = co_await weft::open_connection("127.0.0.1", port);
    co_await s.write("starttls\n");
    if (co_await s.read_line() != "go on") co_return false;
    co_await s.start_tls(std::move(context), {.server_hostname = "localhost"});
    const std::string line(20'000, 'x');
    co_await s.write(line + "\n");
    if (co_await s.read_line() != line) co_return false;
    co_await s.close();
    co_return true;
}

using talking = weft::task<bool> (*)(std::uint16_t, weft::tls_context);

weft::task<outcome> conversation_without(std::size_t number, weft::server& server, talking talk_to,
                                         weft::tls_context client) {
    outcome out;
    std::exception_ptr error;
    {
        const one_without_memory failing(number);
        try {
            out.complete = co_await talk_to(server.port(), client);
        } catch (...) {
            error = std::current_exception();
        }
        out.allocations = failing.allocations_made();
        while (server.connections() > 0) co_await weft::yield_now();
    }
    out.note(error);
    co_return out;
}

/// @param serve  makes a server, which tells what goes wrong
template <class Serve>
weft::task<> for_each_allocation(talking talk_to, Serve serve) {
    const contexts c;
    outcome at_server;
    weft::get_running_loop().set_exception_handler(
        [&at_server](weft::event_loop&, const weft::error_context& e) { at_server.note(e.exception); });
    auto server = co_await serve(c.server, at_server);
    EXPECT_TRUE(co_await talk_to(server.port(), c.client));  // what is made once is made
    std::size_t number = 0, last = 1;
    for (; number < last && !testing::Test::HasFailure(); number += step) {
        SCOPED_TRACE(testing::Message() << "allocation " << number);
        at_server.told = false;
        const outcome out = co_await conversation_without(number, server, talk_to, c.client);
        EXPECT_TRUE(out.complete || out.told || at_server.told);
        EXPECT_TRUE(co_await talk_to(server.port(), c.client));
        if (out.allocations > number) last = std::max(out.allocations, number + step) + 1;  // it was reached
    }
    EXPECT_GT(number, 20u);
    server.close();
    co_await server.wait_closed();
    weft::get_running_loop().set_exception_handler(nullptr);
}

TEST(a_conversation_over_tls, without_memory_anywhere_tells_somebody) {
    if (!has_openssl_memory) GTEST_SKIP() << "OpenSSL allocated before";
    const auto descriptors = open_descriptors();
    weft::run(for_each_allocation(talk, [](weft::tls_context c, outcome&) {
        return weft::start_server(echo, "127.0.0.1", 0, {.tls = std::move(c)});
    }));
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(a_conversation_by_protocols, without_memory_anywhere_tells_somebody) {
    if (!has_openssl_memory) GTEST_SKIP() << "OpenSSL allocated before";
    const auto descriptors = open_descriptors();
    weft::run(for_each_allocation(talk_after_start_tls, [](weft::tls_context c, outcome& out) {
        return weft::create_server([c, &out] { return std::make_shared<upgrading_echo>(c, out); }, "127.0.0.1", 0);
    }));
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(a_write_over_tls, without_memory_says_so) {
    if (!has_openssl_memory) GTEST_SKIP() << "OpenSSL allocated before";
    const auto context = server_context();
    const std::string text(60'000, 'x');
    const auto attempts = survive_each_allocation([&](std::size_t number) {
        std::size_t made = 0;
        weft::run([](const std::string& out, weft::tls_context c, std::size_t n, std::size_t& count) -> weft::task<> {
            auto m = co_await meet(c, TLS1_3_VERSION, false);
            const one_without_memory failing(n);
            try {
                co_await m->server.write(out);
            } catch (...) {
                expect_want_of_memory(std::current_exception());
            }
            count = failing.allocations_made();
            EXPECT_EQ(ERR_peek_error(), 0u);
            m->server.abort();
        }(text, context, number, made));
        return made;
    });
    EXPECT_GT(attempts, 1u);
}

constexpr std::size_t file_bytes = 100'000;

weft::task<bool> receive_file(std::uint16_t port, weft::tls_context context) {
    auto s = co_await weft::open_connection("127.0.0.1", port, {.tls = std::move(context)});
    const std::string got = co_await s.read_all();
    co_return got.size() == file_bytes;
}

TEST(a_file_over_tls, without_memory_anywhere_is_sent_or_somebody_is_told) {
    if (!has_openssl_memory) GTEST_SKIP() << "OpenSSL allocated before";
    const temporary_file file(file_bytes);
    const auto send = [&file](weft::stream s) -> weft::task<> {
        co_await s.send_file(file.fd.get());
        co_await s.close();
    };
    const auto descriptors = open_descriptors();
    weft::run(for_each_allocation(receive_file, [&send](weft::tls_context c, outcome&) {
        return weft::start_server(send, "127.0.0.1", 0, {.tls = std::move(c)});
    }));
    EXPECT_EQ(open_descriptors(), descriptors);
}

#endif

}  // namespace
