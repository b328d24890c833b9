// SPDX-License-Identifier: Apache-2.0
// Connections over Unix sockets.
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"
#include "net/child.hpp"
#include "net/socket.hpp"

#include <sys/un.h>

#include <cstring>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;

namespace {

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

/// A Unix socket that listens and accepts nothing.
weft::unique_fd listen_at(const std::string& path, int backlog) {
    auto fd = weft::make_stream_socket(AF_UNIX);
    const auto at = weft::unix_address("test", path);
    if (::bind(fd.get(), at.get(), at.bytes) != 0 || ::listen(fd.get(), backlog) != 0)
        throw std::system_error(errno, std::generic_category(), "listen_at");
    return fd;
}

TEST(open_unix_connection, carries_bytes_both_ways) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        const std::string path = folder / "echo.sock";
        auto server = co_await weft::start_unix_server(echo, path, {.limit = 2'000'000});
        auto s = co_await weft::open_unix_connection(path);
        co_await s.write("hello\n");
        EXPECT_EQ(co_await s.read_line(), "hello");
        EXPECT_EQ(s.peer(), (weft::address{path, 0}));
        const std::string much(1'000'000, 'x');
        co_await s.write(much + "\n");
        EXPECT_EQ(co_await s.read_exactly(much.size()), much);
    });
}

/// One byte and a descriptor with it: a read of the other end stops behind it.
void send_with_descriptor(weft::native_handle socket, char byte, weft::native_handle descriptor) {
    iovec piece{.iov_base = &byte, .iov_len = 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr& header = *CMSG_FIRSTHDR(&message);
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = SCM_RIGHTS;
    header.cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(&header), &descriptor, sizeof descriptor);
    EXPECT_EQ(::sendmsg(socket, &message, 0), 1);
}

TEST(open_connection, refuses_a_descriptor_that_is_watched) {
    run([]() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        const weft::unique_fd other(ends[1]);
        loop.add_writer(ends[0], [] {});
        co_await weft::yield_now();
        try {
            co_await weft::open_connection(weft::unique_fd(ends[0]));
            ADD_FAILURE();
        } catch (const weft::invalid_state_error& e) {
            EXPECT_THAT(e.what(), HasSubstr("open_connection: descriptor " + std::to_string(ends[0]) +
                                            " is watched: remove_writer() first"));
        }
        EXPECT_FALSE(loop.remove_writer(ends[0]));
        char c;
        EXPECT_EQ(::recv(other.get(), &c, 1, 0), 0);  // closed
    });
}

TEST(open_unix_connection, loses_nothing_behind_a_descriptor_that_nobody_wants) {
    run([]() -> weft::task<> {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        const weft::unique_fd other(ends[1]);
        auto s = co_await weft::open_connection(weft::unique_fd(ends[0]));
        send_with_descriptor(other.get(), '\n', other.get());
        send_with_descriptor(other.get(), '\n', other.get());
        EXPECT_EQ(::send(other.get(), "line\n", 5, 0), 5);
        EXPECT_EQ(co_await s.read_line(), "");
        EXPECT_EQ(co_await s.read_line(), "");
        EXPECT_EQ(co_await s.read_line(), "line");
    });
}

TEST(open_unix_connection, knows_abstract_names) {
    run([]() -> weft::task<> {
        const std::string name = std::string(1, '\0') + "weft-test-" + std::to_string(::getpid());
        auto server = co_await weft::start_unix_server(echo, name);
        EXPECT_EQ(server.addresses().at(0).host, "@" + name.substr(1));
        auto s = co_await weft::open_unix_connection(name);
        co_await s.write("hello\n");
        EXPECT_EQ(co_await s.read_line(), "hello");
        EXPECT_EQ(s.peer().to_string(), "@" + name.substr(1));
    });
}

TEST(open_unix_connection, with_nobody_there_names_the_path) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        const auto before = open_descriptors();
        try {
            co_await weft::open_unix_connection(folder / "none.sock");
            ADD_FAILURE();
        } catch (const weft::connect_error& e) {
            EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
            EXPECT_EQ(e.what(), "connect to " + folder / "none.sock" + ": No such file or directory");
        }
        listen_at(folder / "dead.sock", 1).reset();
        try {
            co_await weft::open_unix_connection(folder / "dead.sock");
            ADD_FAILURE();
        } catch (const weft::connect_error& e) {
            EXPECT_EQ(e.code(), std::errc::connection_refused);
        }
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(open_unix_connection, refuses_paths_that_cannot_be) {
    run([]() -> weft::task<> {
        EXPECT_THROW(co_await weft::open_unix_connection(""), std::invalid_argument);
        EXPECT_THROW(co_await weft::open_unix_connection(std::string("/tmp/a\0b", 8)), std::invalid_argument);
        try {
            co_await weft::open_unix_connection("/" + std::string(107, 'x'));
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::filename_too_long);
            EXPECT_THAT(e.what(), HasSubstr("has 108 bytes of 107 that a Unix socket's name can have"));
        }
        EXPECT_THROW(co_await weft::open_unix_connection("/" + std::string(106, 'x')), weft::connect_error);
    });
}

TEST(open_unix_connection, waits_for_a_full_queue_until_the_time_is_up) {
    weft::run([]() -> weft::task<> {
        const temporary_folder folder;
        const auto listener = listen_at(folder / "full.sock", 0);
        auto first = co_await weft::open_unix_connection(folder / "full.sock");
        const auto before = open_descriptors();
        try {
            co_await weft::open_unix_connection(folder / "full.sock", {.timeout = 25ms});
            ADD_FAILURE();
        } catch (const weft::timeout_error& e) {
            EXPECT_EQ(e.what(), "connect to " + folder / "full.sock" + ": timed out");
        }
        EXPECT_EQ(open_descriptors(), before);
        auto second = weft::create_task(weft::open_unix_connection(folder / "full.sock"));
        for (int i = 0; i < 4; ++i) co_await weft::yield_now();
        EXPECT_FALSE(second.done());
        const weft::unique_fd accepted(::accept(listener.get(), nullptr, nullptr));
        auto connected = co_await std::move(second);
        EXPECT_TRUE(connected);
    }());
}

TEST(open_unix_connection, cancelled_while_it_waits_closes_its_socket) {
    weft::run([]() -> weft::task<> {
        const temporary_folder folder;
        const auto listener = listen_at(folder / "full.sock", 0);
        auto first = co_await weft::open_unix_connection(folder / "full.sock");
        const auto before = open_descriptors();
        auto second = weft::create_task(weft::open_unix_connection(folder / "full.sock"));
        for (int i = 0; i < 4; ++i) co_await weft::yield_now();
        second.cancel();
        EXPECT_THROW(co_await std::move(second), weft::cancelled_error);
        EXPECT_EQ(open_descriptors(), before);
    }());
}

TEST(open_unix_connection, destroyed_while_it_waits_closes_its_socket) {
    const temporary_folder folder;
    const auto listener = listen_at(folder / "full.sock", 0);
    const auto before = open_descriptors();
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [](std::string path) -> weft::task<> {
            const auto connect = [](std::string to) -> weft::task<> {
                auto s = co_await weft::open_unix_connection(to);
                co_await s.read_all();
            };
            for (int i = 0; i < 3; ++i) weft::spawn(connect(path));
            for (int i = 0; i < 4; ++i) co_await weft::yield_now();
        };
        loop.run_until_complete(main(folder / "full.sock"));
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(open_unix_connection, may_be_told_what_to_be_called) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        weft::future<weft::address> seen;
        const auto note = [&seen](weft::stream s) -> weft::task<> {
            seen.set_result(s.peer());
            co_return;
        };
        auto server = co_await weft::start_unix_server(note, folder / "server.sock");
        auto s = co_await weft::open_unix_connection(folder / "server.sock",
                                                     {.local = weft::address{folder / "client.sock", 0}});
        EXPECT_EQ((co_await seen).host, folder / "client.sock");
    });
}

}  // namespace
