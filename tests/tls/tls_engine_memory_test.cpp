// SPDX-License-Identifier: Apache-2.0
// OpenSSL without memory: whichever of its allocations fails, both sides hear of it or go on, and nothing is left
// behind.
#include "tls/openssl_memory.hpp"
#include "tls/secured.hpp"

using namespace weft_test;

namespace {

/// Whether a side came to its end, or threw what may be thrown.
weft::task<bool> side(weft::stream& s, weft::tls_context context, std::string host) {
    try {
        co_await s.start_tls(context, {.server_hostname = host});
        co_await s.write("hello\n");
        const auto line = co_await s.read_line();
        s.write_eof();
        co_return line == "hello";
    } catch (const std::system_error&) {
        co_return false;
    } catch (const std::bad_alloc&) {
        co_return false;
    }
}

/// @return whether the allocation that was to fail was never reached
weft::task<bool> converse_without(long allocation, weft::tls_context client, weft::tls_context server) {
    wire w;
    auto c = wire::stream_at(w.client_end);
    auto s = wire::stream_at(w.server_end);
    openssl_allocations_left = allocation;
    auto asking = weft::create_task(side(c, client, "localhost"));
    auto answering = weft::create_task(side(s, server, ""));
    co_await w.carry_all();
    const bool all_was_well = openssl_allocations_left >= 0;
    openssl_allocations_left = never_fails;
    // One side may wait for the other, which has failed and says so when it goes.
    if (asking.done()) c.abort();
    if (answering.done()) s.abort();
    if (!w.client.sink && w.server.sink) w.server.sink->on_end();
    if (!w.server.sink && w.client.sink) w.client.sink->on_end();
    const bool client_well = co_await asking;
    const bool server_well = co_await answering;
    if (all_was_well) {
        EXPECT_TRUE(client_well && server_well);
    }
    co_return all_was_well;
}

/// Each attempt is a handshake or half of one, of which OpenSSL takes nearly all the time: a test has every fourth.
constexpr long shares = 4;
class one_share_of_the_allocations : public testing::TestWithParam<long> {};

TEST_P(one_share_of_the_allocations, may_fail_openssl_one_at_a_time) {
    if (!has_openssl_memory) GTEST_SKIP() << "OpenSSL allocated before";
    run([first = GetParam()]() -> weft::task<> {
        const auto client = client_context({.alpn_protocols = {"echo"}, .resume_sessions = false});
        const auto server = server_context({.alpn_protocols = {"echo"}});  // for which a callback looks for the engine
        EXPECT_TRUE(co_await converse_without(1'000'000'000, client, server));  // what is made once is made
        long allocation = first;
        const long held = openssl_allocations_held;
        while (!co_await converse_without(allocation, client, server)) allocation += shares;
        EXPECT_GT(allocation, 1000);
        EXPECT_LT(openssl_allocations_held - held, 20);  // some of what it makes once, it makes where others failed
    });
}

INSTANTIATE_TEST_SUITE_P(openssl, one_share_of_the_allocations, testing::Range(0L, shares),
                         testing::PrintToStringParamName());

}  // namespace
