// SPDX-License-Identifier: Apache-2.0
#include "process/children.hpp"

#include <csignal>

using namespace weft_test;

namespace {

constexpr weft::stdio piped = weft::pipe;

TEST(communicate, gives_input_and_collects_both_outputs) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("cat; echo problem >&2; exit 3",
                                          {.stdin_ = piped, .stdout_ = piped, .stderr_ = piped});
        auto [out, err] = co_await p.communicate("some data");
        EXPECT_EQ(out, "some data");
        EXPECT_EQ(err, "problem\n");
        EXPECT_EQ(p.returncode(), 3);
    });
}

TEST(communicate, without_input_closes_stdin) {
    run_with_children([]() -> weft::task<> {
        auto by_name = co_await weft::spawn_process({"wc", "-c", "/dev/stdin"}, {.stdin_ = piped, .stdout_ = piped});
        EXPECT_EQ(std::stoi((co_await by_name.communicate("abc")).out), 3);
        auto empty = co_await weft::spawn_process({"wc", "-c"}, {.stdin_ = piped, .stdout_ = piped});
        EXPECT_EQ(std::stoi((co_await empty.communicate("")).out), 0);
        auto p = co_await weft::spawn_process({"wc", "-c"}, {.stdin_ = piped, .stdout_ = piped});
        EXPECT_EQ(std::stoi((co_await p.communicate()).out), 0);
    });
}

TEST(communicate, without_pipes_waits_for_the_end) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("exit 4");
        auto [out, err] = co_await p.communicate();
        EXPECT_EQ(out + err, "");
        EXPECT_EQ(p.returncode(), 4);
    });
}

TEST(communicate, much_in_all_directions_at_once_does_not_jam) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("tee /dev/stderr", {.stdin_ = piped, .stdout_ = piped, .stderr_ = piped});
        std::string big;
        for (int i = 0; big.size() < 8u << 20; ++i) big += std::to_string(i) + "\n";
        auto [out, err] = co_await p.communicate(big);
        EXPECT_TRUE(out == big);
        EXPECT_TRUE(err == big);
    });
}

TEST(communicate, input_that_the_child_does_not_read_is_no_error) {
    run_with_children([]() -> weft::task<> {
        for (int i = 0; i < 20; ++i) {
            auto p = co_await weft::spawn_process({"true"}, {.stdin_ = piped, .stdout_ = piped});
            if (i % 2) co_await p.wait();
            auto [out, err] = co_await p.communicate(std::string(1 << 20, 'x'));
            EXPECT_EQ(out, "");
            EXPECT_TRUE(p.status()->success());
        }
    });
}

TEST(communicate, input_without_a_pipe_is_refused) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::devnull});
        EXPECT_THROW(co_await p.communicate("lost"), std::invalid_argument);
        co_await p.communicate();
    });
}

TEST(communicate, that_times_out_loses_nothing_and_the_child_goes_on) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("cat; echo more; exec sleep 3600",
                                          {.stdin_ = piped, .stdout_ = piped, .stderr_ = piped});
        std::string big(1 << 20, 'x');
        // Until all of it has come back, and the child still runs.
        co_await p.stdin_.write("first ");
        EXPECT_EQ(co_await p.stdout_.peek(6), "first ");
        EXPECT_THROW(co_await weft::wait_for(p.communicate(big), std::chrono::milliseconds(1)), weft::timeout_error);
        EXPECT_EQ(p.status(), std::nullopt);
        co_await p.stdout_.peek(6 + big.size() + 5);
        p.kill();
        auto [out, err] = co_await p.communicate();
        EXPECT_TRUE(out == "first " + big + "more\n");
        EXPECT_EQ(p.returncode(), -SIGKILL);
    });
}

TEST(communicate, that_is_cancelled_together_with_its_process_leaves_nothing_behind) {
    run_with_children([]() -> weft::task<> {
        const auto feed = []() -> weft::task<> {
            auto p = co_await weft::spawn_process(blocked, {.stdin_ = piped, .stdout_ = piped, .stderr_ = piped});
            co_await p.communicate("this fits in the pipe");
        };
        for (int turns = 0; turns < 6; ++turns) {
            auto feeding = weft::create_task(feed());
            for (int i = 0; i < turns; ++i) co_await weft::yield_now();
            feeding.cancel();
            EXPECT_THROW(co_await feeding, weft::cancelled_error);
        }
    });
}

TEST(communicate, that_is_destroyed_while_it_waits_leaves_nothing_behind) {
    const auto before = open_descriptors();
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto feed = []() -> weft::task<> {
            auto p = co_await weft::spawn_process(blocked, {.stdin_ = piped, .stdout_ = piped, .stderr_ = piped});
            co_await p.communicate(std::string(4 << 20, 'x'));
        };
        auto feeding = weft::create_task_on(loop, feed(), std::source_location());
        for (int i = 0; i < 5; ++i) loop.run_once();
        EXPECT_FALSE(feeding.done());
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(communicate, after_the_streams_were_read_by_hand_gives_the_rest) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("echo one; echo two", {.stdout_ = piped});
        EXPECT_EQ(co_await p.stdout_.read_line(), "one");
        EXPECT_EQ((co_await p.communicate()).out, "two\n");
        EXPECT_EQ((co_await p.communicate()).out, "");  // again: there is no more
    });
}

TEST(communicate, of_several_children_at_once) {
    run_with_children([]() -> weft::task<> {
        std::vector<weft::task<std::string>> all;
        for (int i = 0; i < 10; ++i) all.push_back(output_of("echo foo" + std::to_string(i)));
        const auto outputs = co_await weft::gather(std::move(all));
        for (int i = 0; i < 10; ++i) EXPECT_EQ(outputs[static_cast<std::size_t>(i)], "foo" + std::to_string(i) + "\n");
    });
}

TEST(communicate, stops_reading_at_twice_the_limit_while_nobody_reads) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"yes"}, {.stdout_ = piped, .limit = 1024});
        EXPECT_EQ(co_await p.stdout_.read_line(), "y");
        for (int i = 0; i < 20; ++i) co_await weft::yield_now();
        EXPECT_LT(p.stdout_.buffered().size(), 1u << 20);
        p.kill();
        co_await p.wait();
    });
}

TEST(pipes_of_a_process, are_streams_of_lines_both_ways) {
    run_with_children([]() -> weft::task<> {
        auto p =
            co_await weft::run_shell("while read line; do echo \"<$line>\"; done", {.stdin_ = piped, .stdout_ = piped});
        for (const std::string text : {"one", "two", "three"}) {
            co_await p.stdin_.write(text + "\n");
            EXPECT_EQ(co_await p.stdout_.read_line(), "<" + text + ">");
        }
        p.stdin_.close();
        EXPECT_EQ(co_await p.stdout_.read_line(), std::nullopt);
        EXPECT_TRUE((co_await p.wait()).success());
    });
}

TEST(pipes_of_a_process, what_it_wrote_can_be_read_after_its_end) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("head -c 60000 /dev/zero; exit 1", {.stdout_ = piped});
        co_await p.wait();
        EXPECT_EQ((co_await p.stdout_.read_all()).size(), 60000u);
    });
}

TEST(pipes_of_a_process, a_write_to_one_that_has_ended_is_broken_pipe) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("read x", {.stdin_ = piped});
        static_cast<void>(p.stdin_.write("go\n" + std::string(1 << 20, 'x')));
        try {
            co_await p.stdin_.drain();
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::broken_pipe);
        }
        co_await p.wait();
    });
}

TEST(pipes_of_a_process, closing_stdout_ends_one_that_writes) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"yes"}, {.stdout_ = piped});
        EXPECT_EQ(co_await p.stdout_.read_line(), "y");
        p.stdout_.close();
        EXPECT_EQ((co_await p.wait()).signal(), SIGPIPE);
    });
}

TEST(pipes_of_a_process, of_others_are_not_inherited) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = piped, .stdout_ = piped});
        auto other = co_await weft::spawn_process(blocked);
        EXPECT_EQ((co_await p.communicate("abc")).out, "abc");  // else `other` would hold its stdin open
        other.kill();
        co_await other.wait();
    });
}

TEST(communicate, goes_on_when_its_process_is_moved) {
    run_with_children([]() -> weft::task<> {
        for (const bool begun : {false, true}) {
            auto p = co_await weft::run_shell("cat; echo problem >&2; exit 3",
                                              {.stdin_ = piped, .stdout_ = piped, .stderr_ = piped});
            auto communicating = weft::create_task(p.communicate("some data"));
            if (begun) co_await weft::yield_now();
            weft::process moved = std::move(p);
            auto [out, err] = co_await std::move(communicating);
            EXPECT_EQ(out, "some data");
            EXPECT_EQ(err, "problem\n");
            EXPECT_EQ(moved.returncode(), 3);
        }
    });
}

TEST(communicate, cancelled_after_its_process_was_moved_loses_nothing) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("cat; echo more; exec sleep 3600", {.stdin_ = piped, .stdout_ = piped});
        auto communicating = weft::create_task(p.communicate("first "));
        co_await weft::yield_now();
        weft::process moved = std::move(p);
        communicating.cancel();
        EXPECT_THROW(co_await communicating, weft::cancelled_error);
        EXPECT_EQ(co_await moved.stdout_.peek(11), "first more\n");
        moved.kill();
        EXPECT_EQ((co_await moved.communicate()).out, "first more\n");
    });
}

TEST(communicate, says_so_when_its_process_is_destroyed) {
    run_with_children([]() -> weft::task<> {
        for (const int turns : {0, 1, 5}) {
            auto p =
                co_await weft::run_shell("cat; exec sleep 3600", {.stdin_ = piped, .stdout_ = piped, .stderr_ = piped});
            auto communicating = weft::create_task(p.communicate("input"));
            for (int i = 0; i < turns; ++i) co_await weft::yield_now();
            p.kill();
            auto ended = weft::create_task(p.wait());
            p = {};
            try {
                co_await communicating;
                ADD_FAILURE() << turns;
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_aborted) << e.what();
            }
            co_await ended;
        }
    });
}

}  // namespace
