// SPDX-License-Identifier: Apache-2.0
// Whatever the kernel says where a child is watched, reaped and talked to: somebody is told, no child, zombie or
// descriptor is left.
#include "failing_calls.hpp"
#include "io/run_with_faults.hpp"
#include "process/children.hpp"

#include <weft/process/subprocess_protocol.hpp>

#include <csignal>

using namespace weft_test;
using testing::HasSubstr;

namespace {

/// Runs `main()` on a virtual clock, where operations fail as told, and looks for what it leaves behind.
template <class F>
void run_with(std::function<fate(weft::opcode)> decide, F main) {
    run_with_faults([&](faulty_backend& faults) {
        faults.decide = [decide](weft::opcode code, weft::native_handle) { return decide(code); };
        return main();
    });
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie, or a child that runs";
}
template <class F>
void run_without_faults(F main) {
    run_with([](weft::opcode) { return fate(); }, main);
}
/// Of the first `times` operations of a kind.
auto of_the_first(int times, weft::opcode which, fate f) {
    return [=, left = times](weft::opcode code) mutable { return code == which && left-- > 0 ? f : fate(); };
}

// Waiting for its end

TEST(a_child, whose_end_cannot_be_waited_for_is_tried_again_whatever_the_kernel_says) {
    for (const int error : {ENOMEM, ENOSPC, EPERM, EBADF, EINVAL, ELOOP, EBUSY, EMFILE}) {
        for (const bool at_submit : {false, true}) {
            SCOPED_TRACE(testing::Message() << error << (at_submit ? " submitted" : ""));
            run_with(of_the_first(2, weft::opcode::poll, {error, at_submit}), []() -> weft::task<> {
                auto p = co_await weft::spawn_process({"sh", "-c", "exit 3"});
                const auto status = co_await p.wait();
                EXPECT_EQ(status.code(), 3);
            });
        }
    }
}

TEST(a_child, whose_status_is_asked_for_again_after_interruptions_is_reaped) {
    run_without_faults([]() -> weft::task<> {
        const failing_calls failing(system_call::waitid, {.error = EINTR, .times = 3});
        auto p = co_await weft::spawn_process({"sh", "-c", "exit 3"});
        const auto status = co_await p.wait();
        EXPECT_EQ(status.code(), 3);
        EXPECT_EQ(failing.failed(), 3);
    });
}

TEST(a_child, whose_status_cannot_be_had_has_ended_and_it_is_reported) {
    for (const int error : {ECHILD, EINVAL, ENOSYS, EPERM}) {
        run_without_faults([error]() -> weft::task<> {
            weft::error_context reported;
            weft::get_running_loop().set_exception_handler(
                [&](weft::event_loop&, const weft::error_context& c) { reported = c; });
            auto p = co_await weft::spawn_process({"true"});
            {
                const failing_calls failing(system_call::waitid, {.error = error});
                const auto status = co_await p.wait();
                EXPECT_FALSE(status.is_known());
                EXPECT_EQ(p.returncode(), 255);
            }
            EXPECT_THAT(reported.message, HasSubstr("child process " + std::to_string(p.pid())));
            EXPECT_EQ(reported.message.contains("was read elsewhere"), error == ECHILD);
            if (error != ECHILD) {
                EXPECT_THAT(weft::describe_exception(reported.exception), HasSubstr("waitid: "));
            }
            EXPECT_EQ(::waitpid(p.pid(), nullptr, 0), p.pid());  // which another would have done
            weft::get_running_loop().set_exception_handler(nullptr);
        });
    }
}

// Its descriptor

TEST(spawn_process, without_a_descriptor_of_the_child_says_why_and_leaves_none) {
    for (const int error : {EMFILE, ENFILE, ENOMEM, ENODEV, EINVAL, ENOSYS, EPERM}) {
        for (const int after : {0, 1}) {  // before it is made, or of it
            SCOPED_TRACE(testing::Message() << error << " after " << after);
            run_without_faults([=]() -> weft::task<> {
                const failing_calls failing(system_call::pidfd_open, {.error = error, .after = after});
                int told = 0;
                try {
                    co_await weft::spawn_process(blocked, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
                } catch (const std::system_error& e) {
                    told = e.code().value();
                    EXPECT_THAT(e.what(), HasSubstr("spawn \"sleep\": pidfd_open"));
                }
                EXPECT_EQ(told, error);
                auto p = co_await weft::spawn_process({"true"});
                const auto status = co_await p.wait();
                EXPECT_EQ(status.code(), 0);
            });
        }
    }
}

TEST(spawn_process, that_is_interrupted_by_a_signal_while_it_takes_a_child_back_leaves_none) {
    run_without_faults([]() -> weft::task<> {
        const failing_calls failing(system_call::pidfd_open, {.error = EMFILE, .after = 1});
        const failing_calls interrupting(system_call::waitid, {.error = EINTR, .times = 2});
        EXPECT_THROW(co_await weft::spawn_process(blocked), std::system_error);
        EXPECT_EQ(interrupting.failed(), 2);
    });
}

TEST(spawn_process, of_a_child_that_somebody_else_reaped_at_once_reports_that) {
    run_without_faults([]() -> weft::task<> {
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const failing_calls failing(system_call::pidfd_open, {.error = ESRCH, .after = 1});
        auto p = co_await weft::spawn_process({"true"});
        const auto status = co_await p.wait();
        EXPECT_FALSE(status.is_known());
        EXPECT_EQ(::waitpid(p.pid(), nullptr, 0), p.pid());
        weft::get_running_loop().set_exception_handler(nullptr);
    });
}

// Its pipes

constexpr int errors_of_pipes[] = {ENOMEM, EIO, ENOBUFS, EBADF, EINVAL, EPERM, ENOSPC, EISDIR};

TEST(communicate, tells_whatever_reading_says_and_the_child_can_be_ended) {
    for (const int error : errors_of_pipes) {
        for (const bool at_submit : {false, true}) {
            SCOPED_TRACE(testing::Message() << error << (at_submit ? " submitted" : ""));
            run_with(of_the_first(1, weft::opcode::receive, {error, at_submit}), [error]() -> weft::task<> {
                auto p = co_await weft::spawn_process(blocked, {.stdout_ = weft::pipe, .stderr_ = weft::pipe});
                int told = 0;
                try {
                    co_await p.communicate();
                } catch (const std::system_error& e) {
                    told = e.code().value();
                }
                EXPECT_EQ(told, error);
                p.kill();
                const auto status = co_await p.wait();
                EXPECT_EQ(status.signal(), SIGKILL);
                EXPECT_EQ(co_await p.stderr_.read_all(), "");
            });
        }
    }
}

TEST(communicate, tells_whatever_writing_says_but_that_the_child_wants_no_more) {
    for (const int error : {ENOMEM, EIO, ENOBUFS, EBADF, EINVAL, EPERM, ENOSPC, EPIPE}) {
        for (const bool at_submit : {false, true}) {
            SCOPED_TRACE(testing::Message() << error << (at_submit ? " submitted" : ""));
            run_with(of_the_first(1, weft::opcode::send, {error, at_submit}), [error]() -> weft::task<> {
                auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
                int told = 0;
                try {
                    co_await p.communicate(std::string(1 << 20, 'x'));  // more than a pipe takes at once
                } catch (const std::system_error& e) {
                    told = e.code().value();
                }
                EXPECT_EQ(told, error == EPIPE ? 0 : error);
                const auto status = co_await p.wait();
                EXPECT_EQ(status.code(), 0);  // it has seen the end of its input
            });
        }
    }
}

/// Writes down how the pipes and the child have ended.
struct ending : weft::subprocess_protocol {
    void pipe_connection_lost(int fd, std::exception_ptr error) override {
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const std::system_error& e) {
            errors.push_back({fd, e.code().value()});
        }
    }
    void process_exited() override { exited = true; }
    std::vector<std::pair<int, int>> errors;
    bool exited = false;
};

TEST(subprocess_exec, tells_the_protocol_whatever_reading_a_pipe_says) {
    for (const int error : errors_of_pipes) {
        for (const bool at_submit : {false, true}) {
            SCOPED_TRACE(testing::Message() << error << (at_submit ? " submitted" : ""));
            run_with(of_the_first(1, weft::opcode::receive, {error, at_submit}), [error]() -> weft::task<> {
                const auto make = [] { return std::make_shared<ending>(); };
                auto made = co_await weft::subprocess_exec(make, {"true"}, {.stdout_ = weft::pipe});
                co_await made.transport.wait_closed();
                EXPECT_THAT(made.protocol->errors, testing::ElementsAre(std::pair(1, error)));
                EXPECT_TRUE(made.protocol->exited);
            });
        }
    }
}

}  // namespace
