// SPDX-License-Identifier: Apache-2.0
// Files as a part of what a protocol sends over TLS: read, and encrypted as anything else.
#include "tls/secured_protocols.hpp"

#include "io/temporary_file.hpp"

using namespace weft_test;

namespace {

/// Counts what comes.
struct collector : witness {
    using witness::witness;
    void data_received(std::span<const std::byte> data) override {
        text += weft::as_text(data);
        if (text.size() >= closes_after) aborts ? transport.abort() : transport.close();
    }
    std::string text;
    std::size_t closes_after = ~std::size_t{0};
    bool aborts = true;
};

/// A server, and a client of it that sends.
struct sending_pair {
    diary at_client, at_server;
    std::shared_ptr<collector> server = std::make_shared<collector>(at_server);
    std::optional<weft::server> listening;
    weft::transport client;
    weft::task<> connect() {
        listening.emplace(
            co_await weft::create_server([this] { return server; }, "127.0.0.1", 0, {.tls = server_context()}));
        auto made = co_await weft::create_connection([this] { return std::make_shared<witness>(at_client); },
                                                     "127.0.0.1", listening->port(), {.tls = client_context()});
        client = made.transport;
        co_await settle();  // until the server's protocol has been made, too
        at_client.next();
    }
};

TEST(send_file_over_tls, sends_a_file_between_what_is_written_before_and_meanwhile) {
    run([]() -> weft::task<> {
        const temporary_file file(1 << 20);
        sending_pair both;
        co_await both.connect();
        both.client.write("before ");
        auto sending = weft::create_task(both.client.send_file(file.fd.get(), 1000, 900'000));
        co_await turn();
        both.client.write(" behind");
        EXPECT_EQ(co_await sending, 900'000u);
        both.client.close();
        co_await both.client.wait_closed();
        co_await both.server->transport.wait_closed();
        EXPECT_TRUE(both.server->text == "before " + file.text.substr(1000, 900'000) + " behind");
        EXPECT_EQ(both.at_client.next(), "lost");
    });
}

TEST(send_file_over_tls, cancelled_while_waiting_the_file_is_sent_all_the_same) {
    run([]() -> weft::task<> {
        const temporary_file file(1 << 20);
        sending_pair both;
        co_await both.connect();
        auto sending = weft::create_task(both.client.send_file(file.fd.get()));
        co_await turn();
        EXPECT_TRUE(sending.cancel());
        EXPECT_THROW(co_await sending, weft::cancelled_error);
        both.client.close();
        co_await both.client.wait_closed();
        co_await both.server->transport.wait_closed();
        EXPECT_TRUE(both.server->text == file.text);
    });
}

TEST(send_file_over_tls, a_peer_that_goes_away_in_the_middle_is_an_error) {
    run([]() -> weft::task<> {
        const temporary_file file(8 << 20);
        sending_pair both;
        both.server->closes_after = 100'000;
        co_await both.connect();
        EXPECT_THROW(co_await both.client.send_file(file.fd.get()), std::exception);
        co_await both.client.wait_closed();
        EXPECT_THAT(both.at_client.next(), testing::StartsWith("lost:"));
    });
}

TEST(send_file_over_tls, a_peer_that_closes_when_it_has_everything_is_no_error) {
    run([]() -> weft::task<> {
        const temporary_file file(1 << 20);
        sending_pair both;
        both.server->closes_after = file.text.size();
        both.server->aborts = false;
        co_await both.connect();
        EXPECT_EQ(co_await both.client.send_file(file.fd.get()), file.text.size());
        co_await both.client.wait_closed();
        EXPECT_TRUE(both.server->text == file.text);
    });
}

TEST(send_file_over_tls, aborting_ends_it_while_the_layer_sends_from_its_memory) {
    run([]() -> weft::task<> {
        const temporary_file file(8 << 20);
        sending_pair both;
        co_await both.connect();
        both.server->transport.pause_reading();
        auto sending = weft::create_task(both.client.send_file(file.fd.get()));
        for (int turns = 0; turns < 100; ++turns) co_await turn();
        both.client.abort();
        EXPECT_THROW(co_await sending, std::system_error);
        EXPECT_EQ(both.at_client.next(), "lost");
    });
}

TEST(send_file_over_tls, going_over_to_tls_is_refused_while_a_file_is_sent) {
    run([]() -> weft::task<> {
        const temporary_file file(8 << 20);
        diary log;
        auto ends = co_await connect_streams();
        const auto p = std::make_shared<witness>(log);
        const auto t = co_await weft::connect_protocol(std::move(ends.server), p);
        auto sending = weft::create_task(t.send_file(file.fd.get()));
        co_await turn();
        EXPECT_THROW(co_await weft::start_tls(t, p, server_context()), weft::invalid_state_error);
        t.close();
        EXPECT_TRUE(co_await ends.client.read_all() == file.text);
        EXPECT_EQ(co_await sending, file.text.size());
    });
}

}  // namespace
