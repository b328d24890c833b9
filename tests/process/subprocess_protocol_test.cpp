// SPDX-License-Identifier: Apache-2.0
// Child processes that are talked to by callbacks. On the real clock: children are the world outside.
#include "io/recorder.hpp"

#include <weft/loop/run.hpp>
#include <weft/process/subprocess_protocol.hpp>

#include <csignal>

using namespace weft_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

/// Writes down what happens but for what was written, which it keeps.
struct child_recorder : life_recorder<weft::subprocess_protocol, weft::subprocess_transport> {
    using life_recorder::life_recorder;
    void pipe_data_received(int fd, std::span<const std::byte> data) override {
        (fd == 1 ? out : err) += weft::as_text(data);
    }
    void pipe_connection_lost(int fd, std::exception_ptr error) override {
        log.note(std::to_string(fd) + lost_word(error));
    }
    void process_exited() override { log.note("exited"); }
    std::string out, err;
};

auto shell(diary& log, std::string command) {
    return weft::subprocess_shell([&log] { return std::make_unique<child_recorder>(log); }, std::move(command));
}

/// A child that hangs hangs the test, and is killed with it.
template <class F>
void run_for_real(F main) {
    weft::run(weft::wait_for(main(), std::chrono::seconds(30)));
}

TEST(subprocess_exec, tells_what_the_child_writes_and_how_it_ends) {
    run_for_real([]() -> weft::task<> {
        diary log;
        auto [transport, protocol] =
            co_await weft::subprocess_exec([&log] { return std::make_unique<child_recorder>(log); }, {"cat"});
        EXPECT_EQ(log.next(), "made");
        EXPECT_EQ(protocol->transport, transport);
        EXPECT_GT(transport.get_pid(), 0);
        EXPECT_EQ(transport.get_returncode(), std::nullopt);
        EXPECT_EQ(transport.get_protocol(), protocol);
        EXPECT_FALSE(transport.get_pipe_transport(3));
        transport.get_pipe_transport(0).write("meow");
        transport.get_pipe_transport(0).close();
        co_await transport.wait_closed();
        EXPECT_EQ(protocol->out, "meow");
        EXPECT_EQ(transport.get_returncode(), 0);
        EXPECT_EQ(transport.get_protocol(), nullptr);
        const std::string told = log.next();
        EXPECT_THAT(told, StartsWith("0lost "));
        EXPECT_THAT(told, HasSubstr("1lost"));
        EXPECT_THAT(told, HasSubstr("2lost"));
        EXPECT_THAT(told, HasSubstr("exited"));
        EXPECT_TRUE(told.ends_with(" lost")) << told;
        EXPECT_TRUE(transport.is_closing());
    });
}

TEST(subprocess_transport, may_go_before_a_task_that_waits_for_its_end_begins) {
    run_for_real([]() -> weft::task<> {
        diary log;
        auto made = co_await shell(log, "exit 7");
        std::optional transport = std::exchange(made.transport, {});
        auto closed = weft::create_task(transport->wait_closed());
        transport.reset();
        co_await closed;
        EXPECT_TRUE(log.next().ends_with(" lost"));
    });
}

TEST(subprocess_shell, keeps_stdout_and_stderr_apart_and_gives_the_exit_code) {
    run_for_real([]() -> weft::task<> {
        diary log;
        auto [transport, protocol] = co_await shell(log, "echo out; echo err >&2; exit 7");
        co_await transport.wait_closed();
        EXPECT_EQ(protocol->out, "out\n");
        EXPECT_EQ(protocol->err, "err\n");
        EXPECT_EQ(transport.get_returncode(), 7);
    });
}

TEST(subprocess_exec, can_kill_terminate_and_signal_the_child) {
    run_for_real([]() -> weft::task<> {
        for (const int signal : {SIGKILL, SIGTERM, SIGHUP}) {
            diary log;
            auto [transport, protocol] = co_await shell(log, "exec sleep 1000");
            if (signal == SIGKILL) {
                transport.kill();
            } else if (signal == SIGTERM) {
                transport.terminate();
            } else {
                transport.send_signal(signal);
            }
            co_await transport.wait_closed();
            EXPECT_EQ(transport.get_returncode(), -signal);
            EXPECT_THROW(transport.kill(), std::system_error);
        }
    });
}

TEST(subprocess_exec, closed_kills_the_child_and_then_does_nothing) {
    run_for_real([]() -> weft::task<> {
        diary log;
        auto [transport, protocol] = co_await shell(log, "exec sleep 1000");
        transport.close();
        transport.close();
        EXPECT_TRUE(transport.is_closing());
        co_await transport.wait_closed();
        EXPECT_EQ(transport.get_returncode(), -SIGKILL);
        transport.close();
    });
}

TEST(subprocess_exec, pauses_the_protocol_that_writes_more_than_the_child_reads) {
    run_for_real([]() -> weft::task<> {
        diary log;
        auto [transport, protocol] = co_await shell(log, "sleep 0.1; wc -c");
        const auto to = transport.get_pipe_transport(0);
        to.write(std::string(1 << 20, 'x'));
        EXPECT_EQ(log.next(), "made pause");
        to.close();
        co_await transport.wait_closed();
        EXPECT_EQ(std::stoi(protocol->out), 1 << 20);
        EXPECT_THAT(log.next(), StartsWith("resume 0lost "));
    });
}

TEST(subprocess_exec, tells_that_the_child_reads_no_more_though_nothing_is_written) {
    run_for_real([]() -> weft::task<> {
        diary log;
        auto [transport, protocol] = co_await shell(log, "exec <&-; exec sleep 1000");
        co_await transport.get_pipe_transport(0).wait_closed();
        EXPECT_EQ(log.next(), "made 0lost");
        transport.close();
        co_await transport.wait_closed();
    });
}

TEST(subprocess_exec, of_what_is_no_program_throws_and_tells_nobody) {
    run_for_real([]() -> weft::task<> {
        diary log;
        const auto factory = [&log] { return std::make_unique<child_recorder>(log); };
        EXPECT_THROW(co_await weft::subprocess_exec(factory, {"/no/such/program"}), std::system_error);
        EXPECT_THROW(co_await weft::subprocess_exec([] { return std::shared_ptr<child_recorder>(); }, {"true"}),
                     std::invalid_argument);
        EXPECT_EQ(log.next(), "");
    });
}

TEST(subprocess_exec, without_pipes_tells_of_the_end_alone) {
    run_for_real([]() -> weft::task<> {
        diary log;
        auto [transport, protocol] = co_await weft::subprocess_exec(
            [&log] { return std::make_unique<child_recorder>(log); }, {"true"}, weft::process_options{});
        EXPECT_FALSE(transport.get_pipe_transport(0));
        co_await transport.wait_closed();
        EXPECT_EQ(log.next(), "made exited lost");
    });
}

TEST(subprocess_exec, reports_what_callbacks_throw_and_goes_on) {
    run_for_real([]() -> weft::task<> {
        reports heard;
        diary log;
        log.during = [](const std::string& word) { throw std::runtime_error(word); };
        auto [transport, protocol] =
            co_await weft::subprocess_exec([&log] { return std::make_unique<child_recorder>(log); }, {"true"},
                                           weft::process_options{.stdout_ = weft::pipe});
        co_await transport.wait_closed();
        EXPECT_THAT(heard.messages,
                    testing::UnorderedElementsAre("Exception in callback protocol.connection_made()",
                                                  "Exception in callback protocol.pipe_connection_lost()",
                                                  "Exception in callback protocol.process_exited()",
                                                  "Exception in callback protocol.connection_lost()"));
    });
}

TEST(subprocess_exec, cancelled_while_waiting_kills_the_child_and_tells_nobody) {
    run_for_real([]() -> weft::task<> {
        diary log;
        auto starting = weft::create_task(shell(log, "exec sleep 1000"));
        co_await weft::yield_now();
        starting.cancel();
        EXPECT_THROW(co_await starting, weft::cancelled_error);
        co_await weft::sleep(std::chrono::milliseconds(1));
        EXPECT_EQ(log.next(), "");
    });
}

TEST(subprocess_exec, whose_loop_is_closed_is_told_nothing) {
    diary log;
    weft::subprocess_transport outlives;
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        loop.run_until_complete([](diary& d, weft::subprocess_transport& t) -> weft::task<> {
            auto [transport, protocol] = co_await shell(d, "exec sleep 1000");
            t = transport;
        }(log, outlives));
    }
    EXPECT_EQ(log.next(), "made");
}

}  // namespace
