// SPDX-License-Identifier: Apache-2.0
// How a protocol takes over from a stream, over a layer that does as it is told.
#include "io/recorder.hpp"

#include <weft/io/connect_protocol.hpp>
#include <weft/io/pipe.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>

using namespace weft_test;

namespace {

TEST(connect_protocol, is_over_when_connection_made_has_been_called) {
    run([]() -> weft::task<> {
        told_layer::state told;
        diary log;
        const auto p = std::make_shared<recorder>(log);
        const auto t = co_await weft::connect_protocol(told_stream(told), p);
        EXPECT_EQ(log.next(), "made");
        EXPECT_EQ(p->transport, t);
        EXPECT_FALSE(told.destroyed);
        told.receive("data");
        EXPECT_EQ(log.next(), "data");
        t.abort();
    });
}

TEST(connect_protocol, sends_first_what_was_written_and_gives_what_was_not_read) {
    run([]() -> weft::task<> {
        told_layer::state told;
        diary log;
        auto s = told_stream(told);
        told.receive("read and unread");
        EXPECT_EQ(co_await s.read_until_view("read "), "read ");
        static_cast<void>(s.write("written"));
        auto connecting = weft::create_task(weft::connect_protocol(std::move(s), std::make_shared<recorder>(log)));
        co_await turn();
        told.receive(", and late");
        EXPECT_FALSE(connecting.done());
        told.complete_send();
        const auto t = co_await connecting;
        EXPECT_EQ(told.sent, "written");
        EXPECT_EQ(log.next(), "made and unread, and late");
        told.receive("more");
        t.write("x");
        told.complete_send();  // told to the transport, not to what was the stream
        EXPECT_EQ(log.next(), "more");
        t.abort();
    });
}

TEST(connect_protocol, tells_of_an_end_that_has_come_already_and_of_an_error) {
    run([]() -> weft::task<> {
        for (const int error : {0, ECONNRESET}) {
            told_layer::state told;
            diary log;
            auto s = told_stream(told);
            told.receive("last");
            if (error) {
                told.sink->on_receive_error(error);
            } else {
                told.sink->on_end();
            }
            const auto t = co_await weft::connect_protocol(std::move(s), std::make_shared<recorder>(log));
            co_await t.wait_closed();
            EXPECT_EQ(log.next(), error ? "made last lost:" + std::to_string(error) : "made last eof lost");
            EXPECT_TRUE(told.destroyed);
        }
    });
}

TEST(connect_protocol, cancelled_or_destroyed_while_waiting_closes_the_connection) {
    run([]() -> weft::task<> {
        told_layer::state told;
        diary log;
        auto connecting = weft::create_task(weft::connect_protocol(told_stream(told), std::make_shared<recorder>(log)));
        co_await turn();
        EXPECT_EQ(log.next(), "");
        connecting.cancel();
        EXPECT_THROW(co_await connecting, weft::cancelled_error);
        co_await turn();
        EXPECT_EQ(log.next(), "made lost");
        EXPECT_TRUE(told.destroyed);
    });
    told_layer::state told;
    diary log;
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        loop.run_until_complete([](told_layer::state& s, diary& d) -> weft::task<> {
            static_cast<void>(weft::create_task(weft::connect_protocol(told_stream(s), std::make_shared<recorder>(d))));
            co_await turn();
        }(told, log));
    }
    EXPECT_TRUE(told.destroyed);
    EXPECT_EQ(log.next(), "");
}

TEST(connect_protocol, refuses_a_stream_that_is_closed_or_being_read_and_no_protocol) {
    run([]() -> weft::task<> {
        diary log;
        const auto p = std::make_shared<recorder>(log);
        EXPECT_THROW(co_await weft::connect_protocol(weft::stream(), p), weft::invalid_state_error);
        told_layer::state told;
        EXPECT_THROW(co_await weft::connect_protocol(told_stream(told), std::shared_ptr<weft::protocol>()),
                     std::invalid_argument);
        EXPECT_TRUE(told.destroyed);
        told_layer::state closed;
        auto s = told_stream(closed);
        co_await s.close();
        EXPECT_THROW(co_await weft::connect_protocol(std::move(s), p), weft::invalid_state_error);
        told_layer::state failing;
        auto unsent = told_stream(failing);
        static_cast<void>(unsent.write("x"));
        auto connecting = weft::create_task(weft::connect_protocol(std::move(unsent), p));
        co_await turn();
        failing.complete_send(EPIPE);
        EXPECT_THROW(co_await connecting, std::system_error);
        EXPECT_TRUE(failing.destroyed);
        EXPECT_EQ(log.next(), "");
    });
}

TEST(serve_protocol, is_over_when_the_connection_is_lost_and_aborts_it_if_cancelled) {
    run([]() -> weft::task<> {
        for (const bool cancelled : {false, true}) {
            told_layer::state told;
            diary log;
            auto serving = weft::create_task(weft::serve_protocol(told_stream(told), std::make_shared<recorder>(log)));
            co_await settle();
            EXPECT_EQ(log.next(), "made");
            if (cancelled) {
                serving.cancel();
                EXPECT_THROW(co_await serving, weft::cancelled_error);
                co_await turn();
            } else {
                told.sink->on_end();
                co_await serving;
            }
            EXPECT_EQ(log.next(), cancelled ? "lost" : "eof lost");
            EXPECT_EQ(told.reset, cancelled);
            EXPECT_TRUE(told.destroyed);
        }
    });
}

TEST(serve_protocol, takes_a_buffered_protocol_too) {
    run([]() -> weft::task<> {
        told_layer::state told;
        diary log;
        auto serving =
            weft::create_task(weft::serve_protocol(told_stream(told), std::make_shared<buffered_recorder>(log, 8)));
        co_await settle();
        told.receive("abc");
        told.sink->on_end();
        co_await serving;
        EXPECT_EQ(log.next(), "made get3 abc eof lost");
    });
}

// A layer that takes its leave

TEST(a_layer_that_takes_its_leave, is_waited_for_before_the_connection_is_lost) {
    run([]() -> weft::task<> {
        recorded r;
        r.told.takes_leave = true;
        co_await turn();
        r.transport.write("last");
        r.transport.close();
        EXPECT_TRUE(r.told.begun_to_finish);
        EXPECT_FALSE(r.told.finishing);
        r.told.complete_send();
        EXPECT_TRUE(r.told.finishing);
        r.transport.write("dropped");
        co_await turn();
        EXPECT_EQ(r.log.next(), "made");
        r.told.sink->on_finished(0);
        co_await turn();
        EXPECT_EQ(r.log.next(), "lost");
        EXPECT_EQ(r.told.sent, "last");
        EXPECT_FALSE(r.told.reset);
    });
}

TEST(a_layer_that_takes_its_leave, in_vain_says_why_and_may_be_aborted) {
    run([]() -> weft::task<> {
        for (const bool aborted : {false, true}) {
            recorded r;
            r.told.takes_leave = true;
            co_await turn();
            r.transport.close();
            EXPECT_TRUE(r.told.finishing);
            aborted ? r.transport.abort() : r.told.sink->on_finished(ETIMEDOUT);
            co_await turn();
            EXPECT_EQ(r.log.next(), aborted ? "made lost" : "made lost:" + std::to_string(ETIMEDOUT));
            EXPECT_TRUE(r.told.reset);
        }
    });
}

TEST(a_layer_that_fails, says_why_in_its_own_words) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.told.sink->on_failure(std::make_exception_ptr(std::runtime_error("expired")));
        co_await turn();
        EXPECT_EQ(r.log.next(), "made lost:expired");
    });
}

// Pipes

TEST(a_pipe, is_read_and_written_by_protocols) {
    run([]() -> weft::task<> {
        diary reads, writes;
        auto [reader, writer] = weft::open_pipe();
        const auto from = co_await weft::connect_protocol(std::move(reader), std::make_shared<recorder>(reads));
        const weft::native_handle end = writer.descriptor();
        const auto to = co_await weft::connect_protocol(std::move(writer), std::make_shared<recorder>(writes));
        EXPECT_EQ(to.descriptor(), end);
        co_await settle_pipes();
        EXPECT_EQ(reads.next(), "made");
        EXPECT_EQ(writes.next(), "made");  // that nothing can come is no end of the peer's
        to.write("one");
        co_await settle_pipes();
        EXPECT_EQ(reads.next(), "one");
        to.write("two");
        to.close();
        co_await weft::wait_for(from.wait_closed(), std::nullopt);
        co_await to.wait_closed();
        EXPECT_EQ(to.descriptor(), -1);
        EXPECT_EQ(weft::transport().descriptor(), -1);
        EXPECT_EQ(reads.next(), "two eof lost");
        EXPECT_EQ(writes.next(), "lost");
    });
}

TEST(a_pipe, that_nobody_reads_is_lost_by_the_next_write) {
    run([]() -> weft::task<> {
        diary log;
        auto [read_end, write_end] = weft::make_pipe();
        const auto to = co_await weft::connect_protocol(weft::connect_write_pipe(std::move(write_end)),
                                                        std::make_shared<recorder>(log));
        EXPECT_EQ(log.next(), "made");
        read_end.reset();
        to.write("x");
        co_await to.wait_closed();
        EXPECT_EQ(log.next(), "lost:" + std::to_string(EPIPE));
    });
}

/// The two ends of a pipe, and of a socket.
std::array<weft::pipe_descriptors, 2> pipes() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("socketpair");
    return {weft::make_pipe(), {weft::unique_fd(ends[0]), weft::unique_fd(ends[1])}};
}

TEST(a_pipe, whose_reader_goes_is_lost_though_nothing_is_written) {
    run([]() -> weft::task<> {
        for (auto& [read_end, write_end] : pipes()) {
            diary log;
            const auto to = co_await weft::connect_protocol(weft::connect_write_pipe(std::move(write_end)),
                                                            std::make_shared<recorder>(log));
            to.write("x");
            co_await settle();
            EXPECT_EQ(log.next(), "made");
            char byte = 0;
            EXPECT_EQ(::read(read_end.get(), &byte, 1), 1);
            read_end.reset();
            co_await to.wait_closed();
            EXPECT_EQ(log.next(), "lost");
            EXPECT_EQ(to.descriptor(), -1);
        }
    });
}

TEST(a_pipe, whose_reader_goes_before_everything_is_sent_is_lost_by_that) {
    run([]() -> weft::task<> {
        for (auto& [read_end, write_end] : pipes()) {
            diary log;
            const auto to = co_await weft::connect_protocol(weft::connect_write_pipe(std::move(write_end)),
                                                            std::make_shared<recorder>(log));
            to.set_write_buffer_limits(8 << 20);
            to.write(std::string(4 << 20, 'x'));
            to.close();
            co_await settle();
            EXPECT_EQ(log.next(), "made");
            read_end.reset();
            co_await to.wait_closed();
            EXPECT_THAT(log.next(),
                        testing::AnyOf("lost:" + std::to_string(EPIPE), "lost:" + std::to_string(ECONNRESET)));
        }
    });
}

TEST(a_pipe, whose_reader_has_gone_before_is_made_and_lost) {
    run([]() -> weft::task<> {
        for (auto& [read_end, write_end] : pipes()) {
            diary log;
            read_end.reset();
            const auto to = co_await weft::connect_protocol(weft::connect_write_pipe(std::move(write_end)),
                                                            std::make_shared<recorder>(log));
            co_await to.wait_closed();
            EXPECT_EQ(log.next(), "made lost");
        }
    });
}

TEST(a_pipe, that_pauses_learns_that_its_reader_has_gone_when_it_goes_on) {
    run([]() -> weft::task<> {
        diary log;
        auto [read_end, write_end] = weft::make_pipe();
        const auto to = co_await weft::connect_protocol(weft::connect_write_pipe(std::move(write_end)),
                                                        std::make_shared<recorder>(log));
        to.pause_reading();
        read_end.reset();
        co_await settle();
        EXPECT_EQ(log.next(), "made");
        to.resume_reading();
        co_await to.wait_closed();
        EXPECT_EQ(log.next(), "lost");
    });
}

TEST(a_pipe, that_is_a_socket_may_be_written_to_when_the_peer_has_ended_its_direction) {
    run([]() -> weft::task<> {
        diary log;
        auto [read_end, write_end] = std::move(pipes()[1]);
        const auto to = co_await weft::connect_protocol(weft::connect_write_pipe(std::move(write_end)),
                                                        std::make_shared<recorder>(log));
        EXPECT_EQ(::shutdown(read_end.get(), SHUT_WR), 0);
        co_await settle();
        to.write("x");
        co_await settle();
        char byte = 0;
        EXPECT_EQ(::read(read_end.get(), &byte, 1), 1);
        EXPECT_EQ(log.next(), "made");
        to.abort();
    });
}

}  // namespace
