// SPDX-License-Identifier: Apache-2.0
// Closing a transport that is about to go on over TLS, or that does: what was written before is sent first, or lost with
// an error and a reset.
#include "tls/secured_protocols.hpp"

#include "io/transport_core.hpp"

#include <cerrno>
#include <optional>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

/// A transport whose handshake is under way at one end of a wire that takes nothing at once, with plaintext written before
/// the handshake: a part that is being sent, and one behind it.
struct about_to_be_secured {
    wire w;
    diary log;
    std::shared_ptr<witness> p = std::make_shared<witness>(log);
    std::optional<weft::task_handle<>> securing;

    weft::task<> begin(weft::tls_context context = server_context()) {
        w.server.takes_at_once = false;
        co_await weft::connect_protocol(wire::stream_at(w.server_end), p);
        p->transport.write("220 this is in plain, ");
        p->transport.write("and so is this");
        securing.emplace(weft::create_task(secure_server(p, std::move(context))));
        co_await weft::yield_now();
        co_await weft::yield_now();
        EXPECT_EQ(log.next(), "made");
    }
    /// What was sent is taken by the peer.
    weft::task<> sent() {
        EXPECT_TRUE(std::exchange(w.server.owes_sent, false));
        w.server.sink->on_sent(0);
        co_await weft::yield_now();
        co_await weft::yield_now();
    }
};

TEST(closing_in_the_handshake, sends_first_what_was_written_before_it) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_streams());
        co_await close_behind_much_that_is_unsent(both);
        EXPECT_EQ(both.at_server->next(), "pause lost");
    });
}

TEST(closing_in_the_handshake, ends_as_soon_as_that_is_sent) {
    run([]() -> weft::task<> {
        about_to_be_secured one;
        co_await one.begin();
        one.p->transport.close();
        co_await one.sent();
        EXPECT_EQ(one.log.next(), "");
        EXPECT_EQ(one.w.server.on_the_way, "220 this is in plain, and so is this");
        co_await one.sent();
        EXPECT_EQ(one.log.next(), "lost");
        EXPECT_TRUE(one.w.server.destroyed);
        EXPECT_FALSE(one.w.server.was_reset);
        EXPECT_THROW(co_await *one.securing, std::system_error);
    });
}

TEST(closing_in_the_handshake, with_nothing_written_before_ends_at_once) {
    run([]() -> weft::task<> {
        wire w;
        diary log;
        const auto p = std::make_shared<witness>(log);
        w.client.takes_at_once = false;
        const auto t = co_await weft::connect_protocol(wire::stream_at(w.client_end), p);
        auto securing = weft::create_task(secure_client(p));
        co_await weft::yield_now();
        EXPECT_TRUE(w.client.owes_sent);
        t.close();
        co_await t.wait_closed();
        EXPECT_EQ(log.next(), "made lost");
        EXPECT_THROW(co_await securing, std::system_error);
    });
}

TEST(closing_in_the_handshake, goes_on_sending_when_nobody_waits_for_the_handshake_any_more_or_the_peer_has_ended) {
    run([]() -> weft::task<> {
        for (const bool is_cancelled : {true, false}) {
            about_to_be_secured one;
            co_await one.begin();
            one.p->transport.close();
            if (is_cancelled) {
                EXPECT_TRUE(one.securing->cancel());
                EXPECT_THROW(co_await *one.securing, weft::cancelled_error);
            } else {
                bring(*one.w.server.sink, "what is read no more");
                one.w.server.sink->on_end();
            }
            co_await one.sent();
            EXPECT_EQ(one.log.next(), "");
            co_await one.sent();
            EXPECT_EQ(one.log.next(), "lost");
            EXPECT_EQ(one.w.server.on_the_way, "220 this is in plain, and so is this");
            EXPECT_FALSE(one.w.server.was_reset);
            if (!is_cancelled) {
                EXPECT_THROW(co_await *one.securing, std::system_error);
            }
        }
    });
}

TEST(closing_in_the_handshake, says_that_what_was_written_before_is_lost) {
    run([]() -> weft::task<> {
        about_to_be_secured one;
        co_await one.begin();
        one.p->transport.close();
        one.w.server.sink->on_sent(EPIPE);
        co_await weft::yield_now();
        co_await weft::yield_now();
        EXPECT_EQ(one.log.next(), "lost:");
        EXPECT_THAT(one.p->why, StartsWith("generic: close the connection to wire:1: "));
        EXPECT_TRUE(one.w.server.was_reset);
        EXPECT_THROW(co_await *one.securing, std::system_error);
    });
}

TEST(closing_in_the_handshake, waits_for_a_peer_that_takes_nothing_no_longer_than_the_handshake_may_last) {
    run([]() -> weft::task<> {
        about_to_be_secured one;
        const auto began = weft::get_running_loop().time();
        co_await one.begin();
        one.p->transport.close();
        co_await one.p->transport.wait_closed();
        EXPECT_EQ(weft::get_running_loop().time() - began, 60s);
        EXPECT_EQ(one.log.next(), "lost:");
        EXPECT_THAT(one.p->why, HasSubstr("timed out"));
        EXPECT_TRUE(one.w.server.was_reset);
        EXPECT_THROW(co_await *one.securing, std::system_error);
    });
}

TEST(a_handshake_that_fails, resets_a_connection_on_which_plaintext_was_not_sent_yet) {
    run([]() -> weft::task<> {
        about_to_be_secured one;
        co_await one.begin();
        EXPECT_THROW(co_await *one.securing, weft::timeout_error);
        co_await one.p->transport.wait_closed();
        EXPECT_EQ(one.log.next(), "lost:");
        EXPECT_TRUE(one.w.server.was_reset);
    });
}

TEST(closing_tls, waits_for_what_is_still_to_be_read_from_a_slow_disk) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_secured());
        const auto t = both.client->transport;
        auto& core = weft::transport_core::of(t);
        core.layer()->begin_to_finish();  // as close() does while there is more to be sent
        co_await weft::sleep(100s);
        t.write("what has been read at last");
        t.close();
        co_await t.wait_closed();
        EXPECT_EQ(both.at_client->next(), "lost");
        EXPECT_EQ(both.at_server->next(), "what has been read at last eof lost");
    });
}

}  // namespace
