// SPDX-License-Identifier: Apache-2.0
// What is sent is sent quietly until somebody waits for its end: on io_uring the loop might sleep over it.
#include "io/stream_layer.hpp"

#include "io/recorder.hpp"

#include <weft/io/connect_protocol.hpp>

#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

/// Everything that waits for a stream's output, or follows it.
std::vector<std::function<weft::task<>(weft::stream)>> those_who_wait() {
    return {
        [](weft::stream s) -> weft::task<> { co_await s.write("after it"); },
        [](weft::stream s) -> weft::task<> { co_await s.write(std::string(100'000, 'x')); },
        [](weft::stream s) -> weft::task<> { co_await s.drain(); },
        [](weft::stream s) -> weft::task<> { co_await s.write_eof(); },
        [](weft::stream s) -> weft::task<> { co_await s.close(); },
        [](weft::stream) -> weft::task<> { co_return; },
    };
}

TEST(stream_layer, sends_quietly_until_somebody_waits_for_a_stream_s_output) {
    run([]() -> weft::task<> {
        for (const auto& wait : those_who_wait()) {
            told_layer::state told;
            weft::stream s = told_stream(told);
            co_await s.write("text");
            EXPECT_TRUE(told.quiet);
            auto waiting = weft::create_task(wait(std::move(s)));
            co_await settle();
            EXPECT_FALSE(told.quiet);
            told.complete_send();
            co_await settle();
            if (!told.sending.empty()) {
                EXPECT_FALSE(told.quiet) << "what follows is not sent quietly";
                told.complete_send();
            }
            waiting.cancel();
            co_await weft::gather_settled(std::move(waiting));
        }
    });
}

TEST(stream_layer, sends_quietly_until_a_transport_s_output_is_waited_for) {
    const std::vector<std::function<void(weft::transport&)>> waits = {
        [](weft::transport& t) { t.write("after it"); },
        [](weft::transport& t) { t.write_eof(); },
        [](weft::transport& t) { t.close(); },
        [](weft::transport& t) { t.set_write_buffer_limits(2); },
    };
    run([&]() -> weft::task<> {
        for (const auto& wait : waits) {
            recorded r;
            co_await turn();
            r.transport.write("text");
            EXPECT_TRUE(r.told.quiet);
            wait(r.transport);
            EXPECT_FALSE(r.told.quiet);
            r.transport.abort();
        }
        recorded r;
        co_await turn();
        r.transport.write(std::string(100'000, 'x'));  // its protocol pauses
        EXPECT_FALSE(r.told.quiet);
        r.told.complete_send();
        r.transport.abort();
    });
}

// Of a connection whose input nobody looks at: only the send can tell that it is broken

TEST(stream_layer, tells_of_a_write_that_fails_though_the_protocol_does_not_read) {
    for (const bool paused : {true, false}) {
        run([](bool pauses) -> weft::task<> {
            int ends[2];
            EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
            weft::unique_fd peer(ends[1]);
            diary log;
            const auto p = std::make_shared<recorder>(log);
            p->keeps_open = true;
            auto serving = weft::create_task(weft::serve_protocol(make_stream(weft::unique_fd(ends[0])), p));
            co_await settle_pipes();
            if (pauses) p->transport.pause_reading();
            peer.reset();
            co_await settle_pipes();
            p->transport.write("into nothing");
            co_await weft::wait_for(serving, 1h);  // until connection_lost(): on the virtual clock, at once or never
            EXPECT_EQ(log.next(), pauses ? "made lost:32" : "made eof lost:32");
        }(paused));
    }
}

}  // namespace
