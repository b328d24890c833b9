// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netdb.h>

#include <cerrno>
#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using hook_tests::on_fiber;

TEST(shim_names, getaddrinfo_gives_what_libc_gives) {
    const std::string address = on_fiber([] {
        addrinfo hints{};
        hints.ai_family = AF_INET;
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        if (const int error = getaddrinfo("localhost", "80", &hints, &found)) return std::string(gai_strerror(error));
        char text[64] = "";
        getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
        freeaddrinfo(found);
        return std::string(text);
    });
    EXPECT_EQ(address, "127.0.0.1");
}

TEST(shim_names, gethostbyname_too) {
    const std::string address = on_fiber([] {
        const hostent* const host = gethostbyname("localhost");
        if (!host) return std::string("none");
        char text[64] = "";
        inet_ntop(AF_INET, host->h_addr_list[0], text, sizeof text);
        return std::string(text);
    });
    EXPECT_EQ(address, "127.0.0.1");
}

/// "localhost 127.0.0.1", or how it went.
std::string described(const hostent* host) {
    if (!host) return "none: " + std::to_string(h_errno);
    char text[64] = "";
    inet_ntop(host->h_addrtype, host->h_addr_list[0], text, sizeof text);
    return std::string(host->h_name) + " " + text + (host->h_addr_list[1] ? " and more" : "");
}
std::string by_name_r(std::size_t room, int& result) {
    hostent entry{}, *found = nullptr;
    std::string space(room, '-');
    int error = 0;
    result = gethostbyname_r("localhost", &entry, space.data(), space.size(), &found, &error);
    return found ? described(found) : "nothing";
}

TEST(shim_names, what_came_before_getaddrinfo_gives_what_libc_gives) {
    const auto all = [] {
        const in_addr here{htonl(INADDR_LOOPBACK)};
        int enough = -1, too_little = -1;
        std::string text =
            described(gethostbyname("localhost")) + "; " + described(gethostbyname2("localhost", AF_INET));
        text += "; " + described(gethostbyaddr(&here, sizeof here, AF_INET)) + "; " + by_name_r(4096, enough);
        text += "; " + by_name_r(20, too_little) + "; " + described(gethostbyname("127.0.0.300"));
        return text + "; " + std::to_string(enough) + " " + std::to_string(too_little);
    };
    EXPECT_EQ(on_fiber(all), all());
}

TEST(shim_names, the_loop_turns_while_the_name_of_an_address_is_looked_up) {
    weft::run([]() -> weft::task<> {
        hook_tests::held_executor held;
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto ask = [&] {
            char host[1025] = "", service[32] = "";
            const int result = getnameinfo(reinterpret_cast<const sockaddr*>(&address), sizeof address, host,
                                           sizeof host, service, sizeof service, NI_NUMERICSERV);
            return std::string(host) + ":" + service + " " + std::to_string(result);
        };
        auto h = weft::create_fiber(ask);
        const auto one = weft::create_fiber([&] { return described(gethostbyname2("localhost", AF_INET)); });
        const auto two = weft::create_fiber(
            [&] { return described(gethostbyaddr(&address.sin_addr, sizeof address.sin_addr, AF_INET)); });
        co_await weft::sleep(1ms);
        EXPECT_FALSE(h.done() || one.done() || two.done());
        held.let_go();
        const std::string name = co_await h;
        EXPECT_EQ(name, ask());
    }());
}

TEST(shim_names, the_loop_turns_while_a_name_is_looked_up_and_a_cancellation_ends_it) {
    weft::run([]() -> weft::task<> {
        hook_tests::held_executor held;
        int result = 0, error = 0;
        auto h = weft::create_fiber([&] {
            addrinfo* found = nullptr;
            result = getaddrinfo("localhost", nullptr, nullptr, &found);
            error = errno;
            if (result == 0) freeaddrinfo(found);
        });
        co_await weft::sleep(1ms);
        EXPECT_FALSE(h.done());
        h.cancel();
        co_await hook_tests::ended(h);
        EXPECT_EQ(result, EAI_SYSTEM);
        EXPECT_EQ(error, ECANCELED);
    }());
}

}  // namespace
