// SPDX-License-Identifier: Apache-2.0
// When an endpoint's factory is called: as asyncio does, once there is a socket for its protocol.
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"
#include "net/datagrams.hpp"
#include "net/name_server.hpp"

#include <weft/net/create_datagram_endpoint.hpp>

#include <stdexcept>

using namespace weft_test;

namespace {

auto counting(int& made) {
    return [&made] {
        ++made;
        return std::make_unique<weft::datagram_protocol>();
    };
}

TEST(create_datagram_endpoint, that_fails_does_not_call_the_factory) {
    const temporary_folder folder;
    const name_server names({});
    run([&]() -> weft::task<> {
        names.serve();
        int made = 0;
        weft::datagram_endpoint_options options;
        EXPECT_THROW(co_await weft::create_datagram_endpoint(counting(made), options), std::invalid_argument);
        options.local = weft::address{"nobody.test", 0};
        EXPECT_THROW(co_await weft::create_datagram_endpoint(counting(made), options), weft::resolve_error);
        options = {.remote = weft::address{"nobody.test", 9}};
        EXPECT_THROW(co_await weft::create_datagram_endpoint(counting(made), options), weft::resolve_error);
        const auto taken = co_await on_loopback();
        options = {.local = taken.local()};
        EXPECT_THROW(co_await weft::create_datagram_endpoint(counting(made), options), std::system_error);
        weft::unix_datagram_endpoint_options nobody;
        nobody.remote = folder / "nobody";
        EXPECT_THROW(co_await weft::create_unix_datagram_endpoint(counting(made), nobody), std::system_error);
        EXPECT_EQ(made, 0);
    });
}

TEST(create_datagram_endpoint, cancelled_or_destroyed_while_a_name_is_looked_up_does_not_call_the_factory) {
    const name_server names({{"slow.test", {"127.0.0.1"}}});
    names.keep_silent();
    int made = 0;
    const auto open = [&]() -> weft::task<> {
        names.serve();
        const weft::datagram_endpoint_options options{.remote = weft::address{"slow.test", 9}};
        co_await weft::create_datagram_endpoint(counting(made), options);
    };
    cancel_while_waiting(open);
    destroy_while_waiting(open);
    names.answer();
    EXPECT_EQ(made, 0);
}

TEST(create_datagram_endpoint, whose_factory_throws_or_gives_nothing_says_so_and_leaves_no_socket) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        const auto throws = []() -> std::unique_ptr<weft::datagram_protocol> { throw std::domain_error("not today"); };
        const auto gives_nothing = [] { return std::shared_ptr<weft::datagram_protocol>(); };
        const weft::datagram_endpoint_options options{.local = weft::address{"127.0.0.1", 0}};
        EXPECT_THROW(co_await weft::create_datagram_endpoint(throws, options), std::domain_error);
        EXPECT_THROW(co_await weft::create_datagram_endpoint(gives_nothing, options), std::invalid_argument);
        weft::unix_datagram_endpoint_options on_unix;
        on_unix.local = "@weft-test-" + std::to_string(::getpid());
        EXPECT_THROW(co_await weft::create_unix_datagram_endpoint(throws, on_unix), std::domain_error);
        EXPECT_THROW(co_await weft::create_unix_datagram_endpoint(gives_nothing, on_unix), std::invalid_argument);
        EXPECT_EQ(open_descriptors(), before);
    });
}

}  // namespace
