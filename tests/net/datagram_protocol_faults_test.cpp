// SPDX-License-Identifier: Apache-2.0
// Whatever the kernel refuses to a datagram endpoint: its protocol is told, and it goes on where asyncio goes on.
#include "io/recorder.hpp"
#include "io/temporary_folder.hpp"
#include "net/datagram_faults.hpp"
#include "net/datagrams.hpp"

#include <weft/net/create_datagram_endpoint.hpp>

using namespace weft_test;
using testing::StartsWith;
using weft::opcode;

namespace {

/// Writes down what comes, and errors as they are spelled.
struct faulty_recorder : weft::datagram_protocol {
    explicit faulty_recorder(diary& d) : log(d) {}
    void datagram_received(std::span<const std::byte> data, const weft::address&) override {
        log.note("<" + std::string(weft::as_text(data)) + ">");
    }
    void error_received(std::exception_ptr e) override {
        try {
            std::rethrow_exception(e);
        } catch (const std::system_error& error) {
            code = error.code().value();
            log.note(error.what());
        }
    }
    void connection_lost(std::exception_ptr e) override { log.note(lost_word(e)); }
    diary_entry log;
    int code = 0;
};

/// An endpoint, over UDP or on a Unix socket, and a plain socket that it talks to.
struct endpoint_and_peer {
    diary log;
    weft::datagram_transport transport;
    std::shared_ptr<faulty_recorder> protocol;
    weft::datagram_socket peer;

    weft::task<> open(const temporary_folder& folder, bool on_unix_sockets) {
        const auto make = [this] { return std::make_shared<faulty_recorder>(log); };
        if (on_unix_sockets) {
            auto made = co_await weft::create_unix_datagram_endpoint(make, {.local = folder / "endpoint"});
            transport = made.transport;
            protocol = made.protocol;
            peer = co_await weft::datagram_socket::bind_unix(folder / "peer");
        } else {
            const weft::datagram_endpoint_options options{.local = weft::address{"127.0.0.1", 0}};
            auto made = co_await weft::create_datagram_endpoint(make, options);
            transport = made.transport;
            protocol = made.protocol;
            peer = co_await on_loopback();
        }
    }
    weft::task<> close() {
        transport.close();
        return wait();
    }
    weft::task<> wait() { co_await transport.wait_closed(); }
};

TEST(datagram_endpoint_faults, of_a_receive_are_told_and_the_next_datagram_comes) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        for (const bool on_unix_sockets : {false, true}) {
            endpoint_and_peer e;
            co_await e.open(folder, on_unix_sockets);
            const std::string place = "receive at " + e.transport.local().to_string() + ": ";
            for (const int error : datagram_errnos) {
                plan = {opcode::receive_message, {error, false}, 1};
                co_await e.peer.send_to("one", e.transport.local());
                co_await settle();
                EXPECT_THAT(e.log.next(), StartsWith("<one> " + place));
                EXPECT_EQ(e.protocol->code, error);
                co_await e.peer.send_to("two", e.transport.local());
                co_await settle();
                EXPECT_EQ(e.log.next(), "<two>");
            }
            co_await e.close();
            EXPECT_EQ(e.log.next(), "lost");
        }
    });
}

TEST(datagram_endpoint_faults, of_a_receive_that_cannot_even_begin_end_it) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        for (const int error : datagram_errnos) {
            endpoint_and_peer e;
            co_await e.open(folder, false);
            plan = {opcode::receive_message, {error, true}, 1};
            co_await e.peer.send_to("one", e.transport.local());
            co_await e.wait();
            EXPECT_EQ(e.log.next(), "<one> lost:" + std::to_string(error));
            EXPECT_EQ(e.transport.local(), weft::address());

            endpoint_and_peer stillborn;
            plan = {opcode::receive_message, {error, true}, 1};
            co_await stillborn.open(folder, false);
            co_await stillborn.wait();
            EXPECT_EQ(stillborn.log.next(), "lost:" + std::to_string(error));
        }
    });
}

TEST(datagram_endpoint_faults, of_a_send_are_told_and_the_next_one_goes) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        for (const bool on_unix_sockets : {false, true}) {
            endpoint_and_peer e;
            co_await e.open(folder, on_unix_sockets);
            const std::string place = "send 5 bytes to " + e.peer.local().to_string() + ": ";
            for (const int error : datagram_errnos) {
                plan = {opcode::send_message, {error, false}, 1};
                e.transport.send_to("fails", e.peer.local());
                EXPECT_THAT(e.log.next(), StartsWith(place));
                EXPECT_EQ(e.protocol->code, error);
                // The same when it is sent later.
                plan = {opcode::send_message, {EAGAIN, false}, 1};
                e.transport.send_to("later", e.peer.local());
                EXPECT_EQ(e.log.next(), "");
                plan = {opcode::send_message, {error, false}, 1};
                co_await settle();
                EXPECT_THAT(e.log.next(), StartsWith(place));
                EXPECT_EQ(e.transport.get_write_buffer_size(), 0u);
                e.transport.send_to("goes", e.peer.local());
                const auto d = co_await e.peer.receive_from();
                EXPECT_EQ(d.bytes, "goes");
            }
            co_await e.close();
        }
    });
}

TEST(datagram_endpoint_faults, of_waiting_for_room_are_tried_again_or_end_it) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        for (const int error : datagram_errnos) {
            for (const bool at_submit : {false, true}) {
                endpoint_and_peer e;
                co_await e.open(folder, false);
                plan = {opcode::send_message, {EAGAIN, false}, 1};
                faulty_backend& faults = *faulty_backend::active;
                const auto planned = faults.decide;
                int waits_to_fail = 1;
                faults.decide = [&](opcode code, weft::native_handle fd) {
                    if (code == opcode::writable && waits_to_fail-- > 0) return fate{error, at_submit};
                    return planned(code, fd);
                };
                e.transport.send_to("1", e.peer.local());
                e.transport.send_to("2", e.peer.local());
                co_await settle();
                faults.decide = planned;
                if (at_submit) {
                    co_await e.wait();
                    EXPECT_EQ(e.log.next(), "lost:" + std::to_string(error));
                } else {
                    for (const char* text : {"1", "2"}) {
                        const auto d = co_await e.peer.receive_from();
                        EXPECT_EQ(d.bytes, text);
                    }
                    co_await e.close();
                    EXPECT_EQ(e.log.next(), "lost");
                }
            }
        }
    });
}

TEST(datagram_endpoint_faults, that_come_again_and_again_are_all_told_and_it_may_be_closed_meanwhile) {
    const temporary_folder folder;
    run_with_plan([&](planned_fault& plan) -> weft::task<> {
        endpoint_and_peer e;
        co_await e.open(folder, false);
        int told = 0;
        e.log.during = [&](const std::string&) { ++told; };
        plan = {opcode::receive_message, {ENOBUFS, false}, 100};
        co_await e.peer.send_to("one", e.transport.local());
        co_await e.peer.send_to("two", e.transport.local());
        co_await settle();
        EXPECT_EQ(told, 102);
        EXPECT_THAT(e.log.next(), testing::EndsWith(" <two>"));

        e.log.during = [&](const std::string& word) {
            if (word.starts_with("receive at ") && ++told == 107) e.transport.close();
        };
        plan = {opcode::receive_message, {ENOBUFS, false}, 1'000'000};
        co_await e.peer.send_to("three", e.transport.local());
        co_await e.wait();
        EXPECT_EQ(told, 107);
        EXPECT_THAT(e.log.next(), testing::EndsWith(" lost"));
    });
}

}  // namespace
