// SPDX-License-Identifier: Apache-2.0
// Servers on Unix sockets, and what becomes of their files.
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"
#include "net/child.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace weft_test;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

weft::task<bool> answers(std::string path) {
    auto s = co_await weft::open_unix_connection(path);
    co_await s.write("hello\n");
    co_return (co_await s.read_line()) == "hello";
}

TEST(unix_server, has_a_path_and_no_port) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        auto server = co_await weft::start_unix_server(echo, folder / "x.sock");
        EXPECT_EQ(server.addresses(), (std::vector{weft::address{folder / "x.sock", 0}}));
        try {
            static_cast<void>(server.port());
            ADD_FAILURE();
        } catch (const weft::invalid_state_error& e) {
            EXPECT_THAT(e.what(), HasSubstr("a Unix socket has no port"));
        }
    });
}

TEST(unix_server, removes_its_file_when_it_is_closed) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        const auto before = open_descriptors();
        auto server = co_await weft::start_unix_server(echo, folder / "x.sock");
        EXPECT_TRUE(fs::is_socket(folder / "x.sock"));
        EXPECT_TRUE(co_await answers(folder / "x.sock"));
        server.close();
        EXPECT_FALSE(fs::exists(folder / "x.sock"));
        co_await server.wait_closed();
        co_await settle();
        EXPECT_EQ(open_descriptors(), before);

        auto keeping = co_await weft::start_unix_server(echo, folder / "x.sock", {.cleanup_socket = false});
        keeping.close();
        EXPECT_TRUE(fs::is_socket(folder / "x.sock"));
    });
}

TEST(unix_server, leaves_a_file_alone_that_another_has_put_in_its_place) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        const std::string path = folder / "x.sock";
        auto one = co_await weft::start_unix_server(echo, path);
        auto two = co_await weft::start_unix_server(echo, path);  // takes the path over, as in asyncio
        one.close();
        EXPECT_TRUE(fs::is_socket(path));
        EXPECT_TRUE(co_await answers(path));
        fs::remove(path);
        two.close();  // nothing is there to be removed
        auto three = co_await weft::start_unix_server(echo, path);
        fs::remove(path);
        std::ofstream(path) << "not a socket";
        three.close();
        EXPECT_TRUE(fs::is_regular_file(path));
    });
}

TEST(unix_server, takes_the_place_of_a_socket_that_was_left_behind) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        const std::string path = folder / "x.sock";
        auto dead = co_await weft::start_unix_server(echo, path, {.cleanup_socket = false});
        dead.close();
        EXPECT_THROW(co_await weft::open_unix_connection(path), weft::connect_error);
        auto server = co_await weft::start_unix_server(echo, path);
        EXPECT_TRUE(co_await answers(path));
    });
}

TEST(unix_server, does_not_remove_what_is_no_socket) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        std::ofstream(folder / "file") << "precious";
        const auto before = open_descriptors();
        try {
            co_await weft::start_unix_server(echo, folder / "file");
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_in_use);
            EXPECT_EQ(e.what(), "bind " + folder / "file" + ": Address already in use");
        }
        EXPECT_TRUE(fs::is_regular_file(folder / "file"));
        EXPECT_THROW(co_await weft::start_unix_server(echo, folder / "no/such/folder"), std::system_error);
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(unix_server, refuses_paths_that_cannot_be) {
    run([]() -> weft::task<> {
        EXPECT_THROW(co_await weft::start_unix_server(echo, ""), std::invalid_argument);
        EXPECT_THROW(co_await weft::start_unix_server(echo, std::string("/tmp/a\0b", 8)), std::invalid_argument);
        try {
            co_await weft::start_unix_server(echo, "/tmp/" + std::string(200, 'x'));
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::filename_too_long);
        }
    });
}

TEST(unix_server, on_an_abstract_name_leaves_no_file_and_two_cannot_share_it) {
    run([]() -> weft::task<> {
        const std::string name = std::string(1, '\0') + "weft-test-" + std::to_string(::getpid());
        auto server = co_await weft::start_unix_server(echo, name);
        EXPECT_TRUE(co_await answers(name));
        try {
            co_await weft::start_unix_server(echo, name);
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_in_use);
            EXPECT_THAT(e.what(), HasSubstr("bind @weft-test-"));
        }
    });
}

TEST(unix_server, on_a_socket_of_anothers_leaves_the_file_alone) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        auto first = co_await weft::start_unix_server(echo, folder / "x", {.start_serving = false});
        auto second = co_await weft::start_server_on(echo, weft::unique_fd(::dup(first.sockets().at(0))));
        EXPECT_TRUE(co_await answers(folder / "x"));
        second.close();
        EXPECT_TRUE(fs::is_socket(folder / "x"));
    });
}

TEST(unix_server, in_a_forked_child_leaves_the_parents_file_alone) {
    const temporary_folder folder;
    const std::string path = folder / "x.sock";
    weft::event_loop loop;
    const auto start = [](std::string at) -> weft::task<weft::server> {
        co_return co_await weft::start_unix_server(echo, at);
    };
    auto server = std::make_optional(loop.run_until_complete(start(path)));
    const pid_t pid = ::fork();
    if (pid == 0) {
        server.reset();
        loop.close();
        ::_exit(0);
    }
    int status = -1;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(fs::is_socket(path));
    server.reset();
    EXPECT_FALSE(fs::exists(path));
}

}  // namespace
