// SPDX-License-Identifier: Apache-2.0
// Sockets given by whoever started the process: this program, started again, is the service.
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"
#include "net/child.hpp"

#include <sys/un.h>

#include <cstdlib>
#include <map>

using namespace weft_test;
using testing::HasSubstr;

namespace {

/// What the environment says, for a while.
class environment {
public:
    explicit environment(const std::map<std::string, std::string>& variables) : variables_(variables) {
        for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
    ~environment() {
        for (const auto& [name, value] : variables_) ::unsetenv(name.c_str());
    }

private:
    std::map<std::string, std::string> variables_;
};

TEST(listen_fds, is_nothing_where_nothing_was_given) {
    EXPECT_TRUE(weft::listen_fds().empty());
    const environment of_another({{"LISTEN_PID", "1"}, {"LISTEN_FDS", "2"}});
    EXPECT_TRUE(weft::listen_fds().empty());
    EXPECT_STREQ(std::getenv("LISTEN_FDS"), "2");
}

TEST(listen_fds, refuses_what_makes_no_sense_and_takes_nothing) {
    const auto before = open_descriptors();
    const std::string own = std::to_string(::getpid());
    for (const char* count : {"", "x", "-1", "1x", "99999999999", "2147483647"}) {
        const environment broken({{"LISTEN_PID", own}, {"LISTEN_FDS", count}});
        EXPECT_THROW(weft::listen_fds(), std::invalid_argument) << count;
    }
    {
        const environment broken({{"LISTEN_PID", "me"}, {"LISTEN_FDS", "1"}});
        EXPECT_THROW(weft::listen_fds(), std::invalid_argument);
    }
    const environment many({{"LISTEN_PID", own}, {"LISTEN_FDS", "5000"}});
    try {
        weft::listen_fds();
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::bad_file_descriptor);
        EXPECT_THAT(e.what(), HasSubstr("of LISTEN_FDS=5000"));
    }
    EXPECT_EQ(open_descriptors(), before);
}

/// The service, in a process of its own: says what it was given, serves one line on every socket, and ends.
TEST(listen_fds_service, DISABLED_serves) {
    weft::run([]() -> weft::task<> {
        auto sockets = weft::listen_fds();
        std::string said = "given:";
        for (const auto& s : sockets) {
            said += " " + (s.name.empty() ? "-" : s.name);
            EXPECT_NE(::fcntl(s.fd.get(), F_GETFD) & FD_CLOEXEC, 0);
        }
        EXPECT_TRUE(weft::listen_fds().empty());
        EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
        std::size_t left = sockets.size();
        weft::event over;
        const auto answer = [&](weft::stream s) -> weft::task<> {
            const auto line = co_await s.read_line();
            co_await s.write(said + ", heard: " + line.value_or("nothing") + "\n");
            co_await s.close();
            if (--left == 0) over.set();
        };
        auto server = co_await weft::start_server_on(answer, std::move(sockets));
        co_await over.wait();
    }());
}

std::vector<std::string> service() {
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    // Without the shards, of which it would take its part of one test.
    return {"/usr/bin/env",
            "-u",
            "GTEST_TOTAL_SHARDS",
            "-u",
            "GTEST_SHARD_INDEX",
            program,
            "--gtest_also_run_disabled_tests",
            "--gtest_filter=listen_fds_service.DISABLED_serves"};
}

weft::task<std::string> ask(weft::stream s) {
    co_await s.write("hello\n");
    auto answer = co_await s.read_line();
    co_return answer.value_or("nothing");
}

TEST(listen_fds, takes_over_what_a_parent_gives) {
    const temporary_folder folder;
    std::uint16_t port = 0;
    const auto tcp = listen_on_loopback(port);
    const weft::unique_fd local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    const std::string path = folder / "x.sock";
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    ASSERT_EQ(::bind(local.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    ASSERT_EQ(::listen(local.get(), 5), 0);

    auto arguments = service();
    std::vector<char*> texts;
    for (auto& a : arguments) texts.push_back(a.data());
    texts.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        const int first = ::fcntl(tcp.get(), F_DUPFD, 10), second = ::fcntl(local.get(), F_DUPFD, 10);
        const int null = ::open("/dev/null", O_WRONLY);
        ::dup2(null, 1);
        ::dup2(first, 3);
        ::dup2(second, 4);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", "2", 1);
        ::setenv("LISTEN_FDNAMES", "http:admin", 1);
        ::execv(texts.front(), texts.data());
        ::_exit(127);
    }
    child started(pid, weft::unique_fd());
    weft::run([](std::uint16_t p, std::string unix_path) -> weft::task<> {
        EXPECT_EQ(co_await ask(co_await weft::open_connection("127.0.0.1", p)), "given: http admin, heard: hello");
        EXPECT_EQ(co_await ask(co_await weft::open_unix_connection(unix_path)), "given: http admin, heard: hello");
    }(port, path));
    EXPECT_EQ(started.finish(), 0);
}

TEST(listen_fds, takes_over_what_systemd_gives) {
    if (!is_installed("systemd-socket-activate")) GTEST_SKIP() << "systemd-socket-activate is not installed";
    const temporary_folder folder;
    const std::string path = folder / "x.sock";
    std::vector<std::string> arguments = {"systemd-socket-activate", "--fdname=web", "-l", path};
    for (const char* name : {"WEFT_BACKEND", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
        if (std::getenv(name)) arguments.push_back("--setenv=" + std::string(name));
    }
    for (const std::string& a : service()) arguments.push_back(a);
    child started(arguments);
    weft::run([](std::string at) -> weft::task<> {
        std::optional<weft::stream> s;
        for (const auto until = weft::get_running_loop().time() + std::chrono::seconds(10); !s;) {
            try {
                s = co_await weft::open_unix_connection(at);
            } catch (const weft::connect_error&) {  // it has not begun to listen
                if (weft::get_running_loop().time() > until) throw;
            }
        }
        EXPECT_EQ(co_await ask(std::move(*s)), "given: web, heard: hello");
    }(path));
    EXPECT_EQ(started.finish(), 0);
}

}  // namespace
