// SPDX-License-Identifier: Apache-2.0
// What the tests of protocols over TLS have in common.
#pragma once

#include "io/recorder.hpp"
#include "tls/secured.hpp"

#include <weft/io/connect_protocol.hpp>
#include <weft/net/create_connection.hpp>
#include <weft/net/create_server.hpp>
#include <weft/tls/start_tls.hpp>

#include <exception>
#include <memory>
#include <string>

namespace weft_test {

/// What an exception is about: "tls" or the category's name, and what says it.
inline std::string why_text(const std::exception_ptr& error) {
    if (!error) return "";
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& e) {
        return std::string(e.code().category().name()) + ": " + e.what();
    } catch (const std::exception& e) {
        return e.what();
    }
}

/// Writes down what it is told, and keeps why it was lost.
struct witness : recorder {
    using recorder::recorder;
    void connection_lost(std::exception_ptr error) override {
        why = why_text(error);
        log.note(error ? "lost:" : "lost");
    }
    std::string why;
};

/// Two transports of one loop that are connected to each other over loopback, and what their protocols are told from now on.
struct connected_protocols {
    std::unique_ptr<diary> at_client = std::make_unique<diary>(), at_server = std::make_unique<diary>();
    std::shared_ptr<witness> client = std::make_shared<witness>(*at_client);
    std::shared_ptr<witness> server = std::make_shared<witness>(*at_server);
};
inline weft::task<connected_protocols> connect_protocols(connected streams) {
    connected_protocols both;
    co_await weft::connect_protocol(std::move(streams.client), both.client);
    co_await weft::connect_protocol(std::move(streams.server), both.server);
    both.at_client->next();
    both.at_server->next();
    co_return both;
}

inline weft::task<> secure_server(std::shared_ptr<witness> p, weft::tls_context context = server_context()) {
    co_await weft::start_tls(p->transport, p, std::move(context));
    p->log.note("secured");
}
inline weft::task<> secure_client(std::shared_ptr<witness> p, weft::tls_context context = client_context()) {
    co_await weft::start_tls(p->transport, p, std::move(context), {.server_hostname = "localhost"});
    p->log.note("secured");
}

/// Has the server close while it is about to be secured and most of what it wrote before still waits: all of it arrives.
inline weft::task<> close_behind_much_that_is_unsent(connected_protocols& both) {
    const std::string much(8 << 20, 'x');
    std::size_t received = 0;
    both.at_client->during = [&](const std::string& word) {
        if (word.starts_with('x')) received += word.size();
    };
    both.server->transport.write(much);
    auto accepting = weft::create_task(secure_server(both.server));
    co_await weft::yield_now();
    both.server->transport.close();
    co_await both.server->transport.wait_closed();
    co_await both.client->transport.wait_closed();
    both.at_client->during = [](const std::string&) {};
    EXPECT_EQ(received, much.size());
    EXPECT_THAT(both.at_client->next(), testing::EndsWith("x eof lost"));
    EXPECT_THROW(co_await accepting, std::system_error);
}

}  // namespace weft_test
