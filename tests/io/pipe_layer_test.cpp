// SPDX-License-Identifier: Apache-2.0
// What a stream over a pipe does when the kernel says no, and when nobody reads.
#include "io/pipe_layer.hpp"

#include "io/run_with_faults.hpp"
#include "io/terminal.hpp"

#include <weft/io/connect_protocol.hpp>
#include <weft/io/pipe.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace weft_test;

namespace {

/// Runs `main()` on a backend that `prepare` has spoilt.
template <class Prepare, class F>
void run_on(Prepare prepare, F main) {
    run_with_faults([&](faulty_backend& faults) {
        prepare(faults);
        return main();
    });
}

TEST(pipe_layer, a_receive_that_fails_is_an_error_of_the_read) {
    for (const bool at_submit : {false, true}) {
        for (const int error : {EIO, ENOMEM, EINVAL}) {
            run_on(
                [&](faulty_backend& b) {
                    b.decide = [=](weft::opcode c, weft::native_handle) {
                        return c == weft::opcode::receive ? fate{.error = error, .at_submit = at_submit} : fate();
                    };
                },
                [error]() -> weft::task<> {
                    auto [reader, writer] = weft::open_pipe();
                    try {
                        co_await reader.read(1);
                        ADD_FAILURE();
                    } catch (const std::system_error& e) {
                        EXPECT_EQ(e.code().value(), error);
                    }
                });
        }
    }
}

TEST(pipe_layer, a_terminal_that_cannot_be_waited_for_is_an_error_of_the_read) {
    const terminal t;
    if (!t.slave) GTEST_SKIP() << "no pseudo-terminal here";
    for (const bool at_submit : {false, true}) {
        for (const int error : {ENOMEM, ENOSPC, EPERM}) {
            run_on(
                [&](faulty_backend& b) {
                    b.decide = [=](weft::opcode c, weft::native_handle) {
                        return c == weft::opcode::poll ? fate{.error = error, .at_submit = at_submit} : fate();
                    };
                },
                [error, &t]() -> weft::task<> {
                    auto in = weft::connect_read_pipe(weft::unique_fd(::fcntl(t.slave.get(), F_DUPFD_CLOEXEC, 0)));
                    int told = 0;
                    try {
                        co_await in.read(1);
                    } catch (const std::system_error& e) {
                        told = e.code().value();
                    }
                    EXPECT_EQ(told, error);
                });
        }
    }
}

TEST(pipe_layer, a_send_that_fails_is_an_error_of_the_write) {
    for (const bool at_submit : {false, true}) {
        for (const int error : {EIO, ENOMEM, ENOSPC}) {
            run_on(
                [&](faulty_backend& b) {
                    b.decide = [=](weft::opcode c, weft::native_handle) {
                        return c == weft::opcode::send ? fate{.error = error, .at_submit = at_submit} : fate();
                    };
                },
                [error]() -> weft::task<> {
                    auto [reader, writer] = weft::open_pipe();
                    try {
                        co_await writer.write(std::string(1 << 20, 'x'));  // more than a pipe holds
                        ADD_FAILURE();
                    } catch (const std::system_error& e) {
                        EXPECT_EQ(e.code().value(), error);
                    }
                    EXPECT_THROW(static_cast<void>(writer.write("x")), std::system_error);
                });
        }
    }
}

TEST(pipe_layer, a_watch_for_the_reader_that_fails_refuses_the_protocol_or_is_done_without) {
    struct quiet : weft::protocol {};
    for (const bool at_submit : {false, true}) {
        run_on(
            [&](faulty_backend& b) {
                b.decide = [=](weft::opcode c, weft::native_handle) {
                    return c == weft::opcode::hang_up ? fate{.error = ENOMEM, .at_submit = at_submit} : fate();
                };
            },
            [at_submit]() -> weft::task<> {
                auto [read_end, write_end] = weft::make_pipe();
                auto s = weft::connect_write_pipe(std::move(write_end));
                int error = 0;
                try {
                    const auto to = co_await weft::connect_protocol(std::move(s), std::make_shared<quiet>());
                    for (int i = 0; i < 5; ++i) co_await weft::yield_now();
                    to.write("x");
                    EXPECT_FALSE(to.is_closing());
                    to.close();
                } catch (const std::system_error& e) {
                    error = e.code().value();
                }
                EXPECT_EQ(error, at_submit ? ENOMEM : 0);
            });
    }
}

TEST_F(operations, a_hang_up_tells_that_a_pipe_or_socket_has_lost_its_reader) {
    for (const bool is_socket : {false, true}) {
        for (const bool before : {false, true}) {
            int ends[2];
            ASSERT_EQ(is_socket ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) : ::pipe2(ends, O_CLOEXEC),
                      0);
            weft::unique_fd reader(ends[0]), writer(ends[1]);
            make_nonblocking(writer);
            kept<weft::hang_up_operation> gone;
            if (before) reader.reset();
            submit(gone, writer);
            if (!before) {
                turn_a_little();
                EXPECT_TRUE(gone.results.empty());
                reader.reset();
            }
            turn_until([&] { return gone.over; });
            EXPECT_TRUE(gone.results.front() & (POLLERR | POLLHUP));
            backend_->close(writer.release());
        }
    }
}

TEST_F(operations, a_hang_up_that_is_cancelled_lets_go_of_the_pipe) {
    auto [reader, writer] = weft::make_pipe();
    make_nonblocking(reader);
    kept<weft::hang_up_operation> gone;
    submit(gone, writer);
    turn_a_little();
    backend_->cancel(gone);
    backend_->close(writer.release());
    char byte = 0;
    EXPECT_EQ(::read(reader.get(), &byte, 1), 0);  // the end, and at once
    turn_a_little();
    EXPECT_TRUE(gone.results.empty());
}

TEST_F(operations, a_hang_up_and_a_send_go_on_side_by_side) {
    auto [reader, writer] = weft::make_pipe();
    make_nonblocking(reader);
    make_nonblocking(writer);
    const std::string big(1 << 20, 'x');
    kept<weft::hang_up_operation> gone;
    sending send;
    send.is_pipe = true;
    send.bytes = std::as_bytes(std::span(big));
    submit(gone, writer);
    submit(send, writer);
    std::size_t count = 0;
    std::string piece(1 << 16, '\0');
    turn_until([&] {
        if (const auto got = ::read(reader.get(), piece.data(), piece.size()); got > 0) {
            count += static_cast<std::size_t>(got);
        }
        return send.over;
    });
    EXPECT_TRUE(gone.results.empty());
    reader.reset();
    turn_until([&] { return gone.over; });
    EXPECT_EQ(send.results.front(), 1 << 20);
    backend_->close(writer.release());
}

TEST(pipe_layer, a_reader_that_goes_while_a_close_waits_is_broken_pipe) {
    run_on([](faulty_backend&) {},
           []() -> weft::task<> {
               auto [read_end, write_end] = weft::make_pipe();
               auto writer = weft::connect_write_pipe(std::move(write_end));
               const auto close = [](weft::stream& s) -> weft::task<> {
                   static_cast<void>(s.write(std::string(4 << 20, 'x')));
                   co_await s.close();
               };
               auto closing = weft::create_task(close(writer));
               for (int i = 0; i < 10; ++i) co_await weft::yield_now();
               EXPECT_FALSE(closing.done());
               read_end.reset();
               EXPECT_THROW(co_await closing, std::system_error);
           });
}

TEST(pipe_layer, whose_reader_has_gone_is_closed_without_an_error_if_everything_was_sent) {
    run_on([](faulty_backend&) {},
           []() -> weft::task<> {
               auto [read_end, write_end] = weft::make_pipe();
               auto writer = weft::connect_write_pipe(std::move(write_end));
               co_await writer.write("x");
               read_end.reset();
               co_await writer.close();
           });
}

TEST(pipe_layer, short_reads_and_writes_lose_nothing) {
    for (const std::size_t most : {1, 3, 1000}) {
        run_on([&](faulty_backend& b) { b.most_bytes = most; },
               [most]() -> weft::task<> {
                   auto [reader, writer] = weft::open_pipe();
                   std::string text;
                   for (int i = 0; text.size() < most * 20'000; ++i) text += std::to_string(i);
                   static_cast<void>(writer.write(text));
                   writer.close();
                   EXPECT_TRUE(co_await reader.read_all() == text);
               });
    }
}

TEST(pipe_layer, a_pipe_that_breaks_at_any_byte_is_an_error_after_what_came) {
    for (std::size_t after = 0; after < 8; ++after) {
        run_on([&](faulty_backend& b) { b.reset_after = after; },
               [after]() -> weft::task<> {
                   auto [reader, writer] = weft::open_pipe();
                   co_await writer.write("12345678");
                   if (after > 0) {
                       EXPECT_EQ(co_await reader.read_exactly(after), std::string("12345678").substr(0, after));
                   }
                   EXPECT_THROW(co_await reader.read_exactly(1), std::system_error);
               });
    }
}

}  // namespace
