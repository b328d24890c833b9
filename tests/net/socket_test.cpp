// SPDX-License-Identifier: Apache-2.0
// Sockets themselves: how they are accepted and connected, what becomes of their descriptors, and who else is out there.
#include "io/operations.hpp"

#include <netinet/tcp.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdio>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

TEST_F(operations, accept_brings_one_connection_after_the_other) {
    std::uint16_t port = 0;
    auto listener = listen_on_loopback(port);
    make_nonblocking(listener);
    accepting a;
    submit(a, listener);
    std::vector<weft::unique_fd> clients;
    for (std::size_t i = 0; i < 5; ++i) {
        clients.push_back(connect_to_loopback(port));
        turn_until([&] { return a.results.size() > i; });
    }
    for (const int fd : a.results) {
        EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        ::close(fd);
    }
    EXPECT_FALSE(a.over);
    backend_->cancel(a);
    backend_->close(listener.release());
}

TEST_F(operations, a_connection_that_comes_late_to_a_cancelled_accept_is_closed) {
    std::uint16_t port = 0;
    auto listener = listen_on_loopback(port);
    make_nonblocking(listener);
    accepting a;
    submit(a, listener);
    turn_a_little();
    auto client = connect_to_loopback(port);  // the kernel may have accepted it for us already
    const auto before = open_descriptors();
    backend_->cancel(a);
    backend_->close(listener.release());
    turn_a_little();
    EXPECT_TRUE(a.results.empty());
    EXPECT_EQ(open_descriptors(), before - 1);
    char byte = 0;
    EXPECT_LE(::recv(client.get(), &byte, 1, 0), 0);  // ended or reset: nobody holds the other end
}

TEST_F(operations, connect_says_how_it_went) {
    std::uint16_t port = 0;
    auto listener = listen_on_loopback(port);
    for (const bool up : {true, false}) {
        if (!up) listener.reset();
        weft::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        connecting c;
        auto& to = reinterpret_cast<sockaddr_in&>(c.address);
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(port);
        c.address_bytes = sizeof to;
        submit(c, fd);
        turn_until([&] { return c.over; });
        EXPECT_EQ(c.results, std::deque<int>{up ? 0 : -ECONNREFUSED});
        backend_->close(fd.release());
    }
}

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

/// While it lives, only `count` more descriptors can be had.
class scarce_descriptors {
public:
    explicit scarce_descriptors(std::size_t count) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit low{.rlim_cur = 256, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
        for (int fd; (fd = ::dup(0)) >= 0;) taken_.emplace_back(fd);
        taken_.resize(taken_.size() - count);
    }
    ~scarce_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
    std::vector<weft::unique_fd> taken_;
};

TEST(server_out_of_descriptors, says_so_once_serves_the_others_and_recovers) {
    run([]() -> weft::task<> {
        std::vector<weft::error_context> reported;
        weft::get_running_loop().set_exception_handler(
            [&](weft::event_loop&, const weft::error_context& e) { reported.push_back(e); });
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto scarce = std::make_optional<scarce_descriptors>(3u);
        auto one = co_await weft::open_connection("127.0.0.1", server.port());
        co_await settle();
        auto two = co_await weft::open_connection("127.0.0.1", server.port());
        co_await settle();  // several pauses
        EXPECT_EQ(server.connections(), 1u);
        co_await one.write("served\n");
        EXPECT_EQ(co_await one.read_line(), "served");
        std::error_code refused;
        try {
            co_await weft::open_connection("127.0.0.1", server.port());
        } catch (const std::system_error& e) {
            refused = e.code();
        }
        co_await two.write("waiting\n");
        co_await one.close();
        EXPECT_EQ(co_await two.read_line(), "waiting");
        scarce.reset();  // UBSan's look at an exception object takes a descriptor
        EXPECT_EQ(refused, std::errc::too_many_files_open);
        EXPECT_EQ(reported.size(), 1u);
        EXPECT_THAT(
            weft::describe_exception(reported.at(0).exception),
            testing::AllOf(testing::HasSubstr("accept on 127.0.0.1:"), testing::HasSubstr("Too many open files")));
    });
}

TEST(server_out_of_descriptors, closed_while_it_pauses_stays_closed) {
    run([]() -> weft::task<> {
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const scarce_descriptors one(1);
        auto client = co_await weft::open_connection("127.0.0.1", server.port());
        co_await weft::sleep(10ms);
        server.close();
        co_await server.wait_closed();
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
    });
}

TEST(server, of_ten_thousand_connections_opened_and_dropped_keeps_no_descriptor) {
    run([]() -> weft::task<> {
        // A reset in the middle of a line is reported; here it is meant.
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const auto before = open_descriptors();
        const auto visit = [](std::uint16_t port, int i) -> weft::task<> {
            auto s = co_await weft::open_connection("127.0.0.1", port);
            if (i % 4 == 0) co_return;  // not a word
            if (i % 4 == 1) co_return s.abort();
            co_await s.write("hello\nand half a li");
            if (i % 4 == 2) co_await s.read_line();
        };
        for (int batch = 0; batch < 100; ++batch) {
            std::vector<weft::task<>> visits;
            for (int i = 0; i < 100; ++i) visits.push_back(visit(server.port(), i));
            co_await weft::gather(std::move(visits));
        }
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
        EXPECT_EQ(open_descriptors(), before);
    });
}

/// A Python program with a pipe from its standard output.
class python {
public:
    explicit python(const std::string& program) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
        output_.reset(ends[0]);
        weft::unique_fd input(ends[1]);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, input.get(), 1);
        std::string name = "python3", flag = "-c", text = "import asyncio\n" + program;
        char* arguments[] = {name.data(), flag.data(), text.data(), nullptr};
        const int error = ::posix_spawnp(&pid_, "python3", &actions, nullptr, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
        if (error) throw std::system_error(error, std::generic_category(), "python3");
    }
    ~python() { finish(); }
    std::string read_line() {
        std::string line;
        for (char c = 0; ::read(output_.get(), &c, 1) == 1 && c != '\n';) line += c;
        return line;
    }
    int finish() {
        int status = -1;
        if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), &status, 0);
        return status;
    }

private:
    pid_t pid_ = -1;
    weft::unique_fd output_;
};

TEST(asyncio, as_a_client_is_served) {
    weft::run([]() -> weft::task<> {
        weft::future<> served;
        const auto serve = [&served](weft::stream s) -> weft::task<> {
            while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
            co_await s.close();
            served.set_result();
        };
        auto server = co_await weft::start_server(serve, "127.0.0.1", 0);
        python client("async def main():\n"
                      "    r, w = await asyncio.open_connection('127.0.0.1', " +
                      std::to_string(server.port()) +
                      ")\n"
                      "    w.write(b'one\\ntwo' + b'x' * 50000 + b'\\nthree')\n"
                      "    w.write_eof()\n"
                      "    print((await r.read()) == b'one\\ntwo' + b'x' * 50000 + b'\\nthree\\n')\n"
                      "asyncio.run(main())\n");
        co_await served;
        EXPECT_EQ(client.read_line(), "True");
        EXPECT_EQ(client.finish(), 0);
    }());
}

TEST(asyncio, as_a_server_answers) {
    python server("async def echo(r, w):\n"
                  "    while line := await r.readline():\n"
                  "        w.write(line)\n"
                  "    w.write(b'bye')\n"
                  "    w.close()\n"
                  "    await w.wait_closed()\n"
                  "    done.set_result(None)\n"
                  "async def main():\n"
                  "    global done\n"
                  "    done = asyncio.get_running_loop().create_future()\n"
                  "    s = await asyncio.start_server(echo, '127.0.0.1', 0)\n"
                  "    print(s.sockets[0].getsockname()[1], flush=True)\n"
                  "    await done\n"
                  "asyncio.run(main())\n");
    const auto port = static_cast<std::uint16_t>(std::stoi(server.read_line()));
    weft::run([](std::uint16_t at) -> weft::task<> {
        auto s = co_await weft::open_connection("127.0.0.1", at);
        for (int i = 0; i < 100; ++i) {
            co_await s.write("line " + std::to_string(i) + "\r\n");
            EXPECT_EQ(co_await s.read_line(), "line " + std::to_string(i));
        }
        co_await s.write_eof();
        EXPECT_EQ(co_await s.read_all(), "bye");
    }(port));
    EXPECT_EQ(server.finish(), 0);
}

}  // namespace
