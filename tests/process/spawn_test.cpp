// SPDX-License-Identifier: Apache-2.0
// How a child begins: its program, environment, directory, descriptors, groups; and what is said where it cannot.
#include "process/children.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace weft_test;

namespace {

/// A directory for a test's files.
class temporary_directory {
public:
    temporary_directory() {
        std::string name = (std::filesystem::temp_directory_path() / "weft-spawn-XXXXXX").string();
        if (!::mkdtemp(name.data())) std::abort();
        path_ = name;
    }
    temporary_directory(const temporary_directory&) = delete;
    ~temporary_directory() { std::filesystem::remove_all(path_); }
    /// Makes a file. @return its path
    std::string file(const std::string& name, const std::string& text, mode_t mode) const {
        const std::string path = path_ + "/" + name;
        std::ofstream(path) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

weft::task<std::string> spawn_error(std::vector<std::string> argv, weft::process_options options = {}) {
    return error_of(
        [argv, options]() -> weft::task<> { static_cast<void>(co_await weft::spawn_process(argv, options)); });
}

TEST(spawn, a_program_that_is_not_there_is_named) {
    run_with_children([]() -> weft::task<> {
        EXPECT_EQ(co_await spawn_error({"no-such-program", "x"}),
                  "spawn \"no-such-program\": No such file or directory");
        EXPECT_EQ(co_await spawn_error({"/no/such/program"}), "spawn \"/no/such/program\": No such file or directory");
        try {
            static_cast<void>(co_await weft::spawn_process({"no-such-program"}, {.stdin_ = weft::pipe}));
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
        }
    });
}

TEST(spawn, a_file_that_cannot_be_run_is_permission_denied) {
    const temporary_directory files;
    const std::string plain = files.file("plain", "echo", 0644);
    const std::string no_format = files.file("noformat", "what is this", 0755);
    run_with_children([&]() -> weft::task<> {
        EXPECT_EQ(co_await spawn_error({plain}), "spawn \"" + plain + "\": Permission denied");
        EXPECT_EQ(co_await spawn_error({"/"}), "spawn \"/\": Permission denied");
        EXPECT_EQ(co_await spawn_error({plain + "/x"}), "spawn \"" + plain + "/x\": Not a directory");
        EXPECT_EQ(co_await spawn_error({no_format}), "spawn \"" + no_format + "\": Exec format error");
        // Found in the child's PATH, but not to be run.
        EXPECT_EQ(co_await spawn_error({"plain"}, {.extra_env = {{"PATH", "/nowhere:" + files.path() + ":/bin"}}}),
                  "spawn \"plain\": Permission denied");
    });
}

TEST(spawn, a_bad_working_directory_is_named) {
    const temporary_directory files;
    const std::string plain = files.file("plain", "", 0644);
    run_with_children([&]() -> weft::task<> {
        EXPECT_EQ(co_await spawn_error({"true"}, {.cwd = "/no/such"}),
                  "spawn \"true\": working directory \"/no/such\": No such file or directory");
        EXPECT_EQ(co_await spawn_error({"/bin/true"}, {.cwd = plain}),
                  "spawn \"/bin/true\": working directory \"" + plain + "\": Not a directory");
    });
}

TEST(spawn, refuses_what_no_program_can_be_given) {
    run_with_children([]() -> weft::task<> {
        EXPECT_EQ(co_await spawn_error({}), "spawn_process: argv is empty");
        EXPECT_EQ(co_await spawn_error({""}), "spawn_process: the program's name is empty");
        EXPECT_EQ(co_await spawn_error({std::string("a\0b", 3)}), "spawn_process: a zero byte in argv");
        EXPECT_EQ(co_await spawn_error({"true"}, {.cwd = std::string("\0", 1)}), "spawn_process: a zero byte in cwd");
        EXPECT_EQ(co_await spawn_error({"true"}, {.extra_env = {{"A=B", "c"}}}),
                  "spawn_process: \"A=B\" is no name of an environment variable");
        EXPECT_EQ(co_await spawn_error({"true"}, {.env = weft::environment{{"", "c"}}}),
                  "spawn_process: \"\" is no name of an environment variable");
        EXPECT_EQ(co_await spawn_error({"true"}, {.stdout_ = weft::to_stdout}),
                  "spawn_process: to_stdout is for stderr");
        EXPECT_EQ(co_await spawn_error({"true"}, {.stderr_ = 1234}),
                  "spawn \"true\": stderr: descriptor 1234: Bad file descriptor");
        EXPECT_EQ(co_await spawn_error({"true"}, {.pass_fds = {1234}}),
                  "spawn \"true\": pass_fds: descriptor 1234: Bad file descriptor");
        const std::string much(4 << 20, 'x');  // named: g++ 14.2 fails over std::string(n, c) in a list that is awaited
        EXPECT_EQ(co_await spawn_error({"true", much}), "spawn \"true\": Argument list too long");
    });
}

TEST(spawn, the_environment_is_ours_or_another_or_more) {
    ::setenv("WEFT_TEST_SPAWN", "ours", 1);
    run_with_children([]() -> weft::task<> {
        const std::string show = "echo \"$WEFT_TEST_SPAWN $MORE\"";
        EXPECT_EQ(co_await output_of(show), "ours \n");
        EXPECT_EQ(co_await output_of(show, {.extra_env = {{"MORE", "a = b"}}}), "ours a = b\n");
        EXPECT_EQ(co_await output_of(show, {.extra_env = {{"WEFT_TEST_SPAWN", "theirs"}}}), "theirs \n");
        EXPECT_EQ(co_await output_of(show, {.env = weft::environment{{"MORE", "only"}}}), " only\n");
        EXPECT_EQ(
            co_await output_of("/usr/bin/env | grep -c FOO", {.env = weft::environment{}, .extra_env = {{"FOO", "1"}}}),
            "1\n");
        auto changed = weft::current_environment();
        EXPECT_EQ(changed.at("WEFT_TEST_SPAWN"), "ours");
        changed.erase("WEFT_TEST_SPAWN");
        EXPECT_EQ(co_await output_of(show, {.env = changed}), " \n");
    });
    ::unsetenv("WEFT_TEST_SPAWN");
}

TEST(spawn, the_program_is_looked_for_in_the_path_of_the_child) {
    const temporary_directory files;
    files.file("weft-test-program", "#!/bin/sh\necho \"found by $0\"\n", 0755);
    run_with_children([&]() -> weft::task<> {
        const auto run = [](weft::process_options o) -> weft::task<std::string> {
            o.stdout_ = weft::pipe;
            auto p = co_await weft::spawn_process({"weft-test-program"}, o);
            co_return (co_await p.communicate()).out;
        };
        const std::string path = "/nowhere:" + files.path() + ":/bin:/usr/bin";
        EXPECT_EQ(co_await run({.extra_env = {{"PATH", path}}}), "found by " + files.path() + "/weft-test-program\n");
        EXPECT_EQ(co_await run({.extra_env = {{"PATH", "/bin:"}}, .cwd = files.path()}),
                  "found by ./weft-test-program\n");
        EXPECT_EQ(co_await run({.cwd = files.path(), .executable = "./weft-test-program"}),
                  "found by ./weft-test-program\n");
        EXPECT_THAT(co_await spawn_error({"weft-test-program"}), testing::HasSubstr("No such file"));
        auto none = weft::current_environment();
        none.erase("PATH");
        auto p = co_await weft::spawn_process({"true"}, {.env = none});  // then it is /bin:/usr/bin
        EXPECT_TRUE((co_await p.wait()).success());
    });
}

TEST(spawn, argv_0_may_be_another_than_the_program) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"another", "-c", "echo $0"},
                                              {.stdout_ = weft::pipe, .executable = "/bin/sh"});
        EXPECT_EQ((co_await p.communicate()).out, "another\n");
    });
}

TEST(spawn, in_another_directory) {
    run_with_children([]() -> weft::task<> {
        EXPECT_EQ(co_await output_of("pwd", {.cwd = "/"}), "/\n");
        EXPECT_EQ(co_await output_of("pwd", {.cwd = ".."}),
                  std::filesystem::current_path().parent_path().string() + "\n");
    });
}

TEST(spawn, in_a_group_or_session_of_its_own_or_that_of_another) {
    run_with_children([]() -> weft::task<> {
        auto leader = co_await weft::spawn_process(blocked, {.process_group = 0});
        EXPECT_EQ(::getpgid(leader.pid()), leader.pid());
        auto member = co_await weft::spawn_process(blocked, {.process_group = leader.pid()});
        EXPECT_EQ(::getpgid(member.pid()), leader.pid());
        ::kill(-leader.pid(), SIGTERM);  // while status() is empty, the number cannot be another's
        EXPECT_EQ((co_await leader.wait()).signal(), SIGTERM);
        EXPECT_EQ((co_await member.wait()).signal(), SIGTERM);

        auto session = co_await weft::spawn_process(blocked, {.new_session = true});
        EXPECT_EQ(::getsid(session.pid()), session.pid());
        auto plain = co_await weft::spawn_process(blocked);
        EXPECT_EQ(::getpgid(plain.pid()), ::getpgrp());
        session.kill();
        plain.kill();
        co_await session.wait();
        co_await plain.wait();
        EXPECT_THAT(co_await spawn_error({"true"}, {.process_group = 1}), testing::HasSubstr("spawn \"true\""));
    });
}

TEST(spawn, stderr_goes_where_stdout_goes) {
    run_with_children([]() -> weft::task<> {
        EXPECT_EQ(co_await output_of("echo a; echo b >&2; echo c", {.stderr_ = weft::to_stdout}), "a\nb\nc\n");
    });
}

TEST(spawn, the_null_device_is_empty_and_takes_all) {
    run_with_children([]() -> weft::task<> {
        EXPECT_EQ(
            co_await output_of("cat; echo ignored >&2; echo end", {.stdin_ = weft::devnull, .stderr_ = weft::devnull}),
            "end\n");
        auto p = co_await weft::run_shell("echo nothing", {.stdout_ = weft::devnull});
        EXPECT_EQ((co_await p.communicate()).out, "");
        EXPECT_FALSE(p.stdout_);
    });
}

TEST(spawn, takes_descriptors_of_ours_which_stay_ours) {
    const temporary_directory files;
    run_with_children([&]() -> weft::task<> {
        const weft::unique_fd out(::open((files.path() + "/out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        auto p = co_await weft::run_shell("echo one; echo two >&2", {.stdout_ = out, .stderr_ = out.get()});
        co_await p.wait();
        std::string text(64, '\0');
        text.resize(static_cast<std::size_t>(::pread(out.get(), text.data(), text.size(), 0)));
        EXPECT_EQ(text, "one\ntwo\n");
        EXPECT_TRUE(::fcntl(out.get(), F_GETFD) & FD_CLOEXEC);
    });
}

/// Puts `fd` in place of `standard` while it lives.
class standard_replaced {
public:
    standard_replaced(int standard, int fd) : standard_(standard), before_(::fcntl(standard, F_DUPFD_CLOEXEC, 10)) {
        ::dup2(fd, standard);
    }
    standard_replaced(const standard_replaced&) = delete;
    ~standard_replaced() { ::dup2(before_.get(), standard_); }

private:
    int standard_;
    weft::unique_fd before_;
};

TEST(spawn, our_standard_streams_may_change_places) {
    run_with_children([]() -> weft::task<> {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        const weft::unique_fd r(ends[0]), w(ends[1]);
        {
            const standard_replaced in(0, w.get());  // our 0 is written to, our 2 is read from
            const standard_replaced error(2, r.get());
            auto p = co_await weft::run_shell("echo through; read line <&2 && echo \"$line\" >&1",
                                              {.stdin_ = weft::devnull, .stdout_ = 0, .stderr_ = 2});
            co_await p.wait();
        }
        char text[64];
        EXPECT_EQ(::read(r.get(), text, sizeof text), 8);
    });
}

TEST(spawn, closes_what_is_not_passed_on) {
    run_with_children([]() -> weft::task<> {
        const weft::unique_fd leaky(::dup(1));  // another library's, without close-on-exec
        const std::string fd = std::to_string(leaky.get());
        const std::string look = "test -e /proc/self/fd/" + fd + " && echo open || echo closed";
        EXPECT_EQ(co_await output_of(look), "closed\n");
        const weft::unique_fd second(::fcntl(leaky.get(), F_DUPFD_CLOEXEC, leaky.get() + 5));
        const auto all = co_await output_of("ls /proc/self/fd", {.pass_fds = {second.get(), leaky.get(), 1}});
        EXPECT_THAT("\n" + all, testing::HasSubstr("\n" + fd + "\n"));
        EXPECT_THAT("\n" + all, testing::HasSubstr("\n" + std::to_string(second.get()) + "\n"));
        // 0, 1, 2, the two, and what ls has for the listing
        EXPECT_EQ(std::ranges::count(all, '\n'), 6);
    });
}

TEST(spawn, without_standard_streams_of_our_own) {
    run_with_children([]() -> weft::task<> {
        weft::unique_fd before(::fcntl(0, F_DUPFD_CLOEXEC, 10));
        ::close(0);  // the next descriptor is 0
        std::string out;
        {
            auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
            out = (co_await p.communicate("through")).out;
        }
        ::dup2(before.get(), 0);
        EXPECT_EQ(out, "through");
    });
}

TEST(spawn, out_of_descriptors_at_each_step_is_an_error_and_leaves_nothing) {
    run_with_children([]() -> weft::task<> {
        const auto open = open_descriptors();
        bool worked = false;
        std::size_t left = 0;
        for (; left < 20 && !worked; ++left) {
            try {
                const few_descriptors few(left);
                auto p = co_await weft::spawn_process(
                    {"/bin/true"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe, .stderr_ = weft::pipe});
                co_await p.wait();
                worked = true;
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::too_many_files_open) << e.what();
            }
            for (int i = 0; i < 3; ++i) co_await weft::yield_now();
            EXPECT_EQ(open_descriptors(), open) << left;
        }
        EXPECT_TRUE(worked);
        EXPECT_EQ(left, 8u);  // three pipes and the child's own
    });
}

TEST(spawn, out_of_processes_is_an_error) {
    if (::geteuid() == 0) GTEST_SKIP() << "root has no such limit";
    run_with_children([]() -> weft::task<> {
        rlimit before{};
        ::getrlimit(RLIMIT_NPROC, &before);
        const rlimit none{0, before.rlim_max};
        ::setrlimit(RLIMIT_NPROC, &none);
        const std::string error = co_await spawn_error({"true"});
        ::setrlimit(RLIMIT_NPROC, &before);
        EXPECT_EQ(error, "spawn \"true\": Resource temporarily unavailable");
    });
}

TEST(spawn, that_is_cancelled_before_it_begins_starts_nothing) {
    run_with_children([]() -> weft::task<> {
        auto starting = weft::create_task(weft::spawn_process(blocked));
        starting.cancel();
        EXPECT_THROW(static_cast<void>(co_await std::move(starting)), weft::cancelled_error);
    });
}

TEST(spawn, has_no_await_at_which_it_could_be_cancelled) {
    run_with_children([]() -> weft::task<> {
        auto starting = weft::create_task(weft::spawn_process({"true"}, {.stdout_ = weft::pipe}));
        co_await weft::yield_now();
        EXPECT_FALSE(starting.cancel());
        auto p = co_await std::move(starting);
        co_await p.communicate();
    });
}

TEST(spawn, needs_a_running_loop) {
    auto t = weft::spawn_process({"true"});
    EXPECT_THROW(t.step(), weft::no_running_loop_error);
}

}  // namespace
