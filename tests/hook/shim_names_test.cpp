// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netdb.h>

#include <string>

namespace {

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

TEST(shim_names, cancelled_while_resolving) {
    weft::run([]() -> weft::task<> {
        int result = 0;
        auto h = weft::create_fiber([&] {
            addrinfo* found = nullptr;
            result = getaddrinfo("localhost", nullptr, nullptr, &found);
            if (result == 0) freeaddrinfo(found);
        });
        co_await weft::yield_now();
        h.cancel();
        co_await hook_tests::ended(h);
        EXPECT_TRUE(result == EAI_SYSTEM || result == 0);
    }());
}

}  // namespace
