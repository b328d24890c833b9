// SPDX-License-Identifier: Apache-2.0
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"
#include "net/datagrams.hpp"

#include <sys/un.h>
#include <unistd.h>

#include <fstream>

using namespace weft_test;
using testing::HasSubstr;
using weft::datagram_socket;
namespace fs = std::filesystem;

namespace {

TEST(datagram_socket_unix, one_sends_to_another_and_is_answered) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto server = co_await datagram_socket::bind_unix(folder / "server");
        EXPECT_EQ(server.local().host, folder / "server");
        auto named =
            co_await datagram_socket::connect_unix(folder / "server", {.local = weft::address{folder / "client", 0}});
        auto nameless = co_await datagram_socket::connect_unix(folder / "server");
        co_await named.send("hello");
        co_await nameless.send(std::string(100'000, 'x'));
        const auto d = co_await server.receive_from();
        EXPECT_EQ(d.from.host, folder / "client");
        co_await server.send_to("welcome", d.from);
        EXPECT_EQ((co_await named.receive_from()).bytes, "welcome");
        const auto long_one = co_await server.receive_from();
        EXPECT_EQ(long_one.from, weft::address());
        EXPECT_EQ(long_one.sent_bytes, 100'000u);
        EXPECT_TRUE(long_one.is_truncated());
    });
    EXPECT_FALSE(std::filesystem::exists(folder / "server"));
}

TEST(datagram_socket_unix, a_path_may_be_abstract) {
    run([]() -> weft::task<> {
        const std::string name = "@weft-test-" + std::to_string(::getpid());
        auto server = co_await datagram_socket::bind_unix(name);
        EXPECT_EQ(server.local().host, name);
        auto client = co_await datagram_socket::connect_unix(name);
        co_await client.send("x");
        EXPECT_EQ((co_await server.receive_from()).bytes, "x");
        try {
            co_await datagram_socket::bind_unix(name);
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_in_use);
            EXPECT_THAT(e.what(), HasSubstr("bind " + name));
        }
    });
}

TEST(datagram_socket_unix, a_file_is_taken_over_when_its_owner_is_gone_only) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        {
            const weft::unique_fd old(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            sockaddr_un at{};
            at.sun_family = AF_UNIX;
            std::ranges::copy(folder / "s", at.sun_path);
            EXPECT_EQ(::bind(old.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
            EXPECT_THROW(co_await datagram_socket::bind_unix(folder / "s"), std::system_error);
        }
        auto s = co_await datagram_socket::bind_unix(folder / "s");
        auto c = co_await datagram_socket::connect_unix(folder / "s");
        co_await c.send("x");
        EXPECT_EQ((co_await s.receive_from()).bytes, "x");
        std::filesystem::remove(folder / "s");
        auto next = co_await datagram_socket::bind_unix(folder / "s");
        s.close();
        EXPECT_TRUE(std::filesystem::exists(folder / "s"));  // it is the next one's
    });
}

TEST(datagram_socket_unix, removes_nothing_but_a_datagram_socket_that_was_left_behind) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        std::ofstream(folder / "file") << "precious";
        fs::create_directory(folder / "folder");
        fs::create_symlink(folder / "file", folder / "link");
        fs::create_symlink(folder / "nowhere", folder / "dangling");
        auto streams =
            co_await weft::start_unix_server([](weft::stream) -> weft::task<> { co_return; }, folder / "streams");
        auto gone = co_await weft::start_unix_server([](weft::stream) -> weft::task<> { co_return; }, folder / "gone",
                                                     {.cleanup_socket = false});
        gone.close();
        fs::create_symlink(folder / "gone", folder / "link to a socket");
        const auto before = open_descriptors();
        for (const char* name : {"file", "folder", "link", "dangling", "streams", "link to a socket"}) {
            const std::string path = folder / name;
            const auto said = co_await error_of(datagram_socket::bind_unix(path), std::errc::address_in_use);
            EXPECT_EQ(said, "bind " + path + ": Address already in use");
            EXPECT_TRUE(fs::exists(fs::symlink_status(path))) << name;
        }
        EXPECT_EQ(open_descriptors(), before);
        EXPECT_EQ(fs::file_size(folder / "file"), 8u);
        EXPECT_TRUE(fs::is_symlink(folder / "link"));
        const auto taken_over = co_await datagram_socket::bind_unix(folder / "gone");
        EXPECT_EQ(taken_over.local().host, folder / "gone");
    });
}

}  // namespace
