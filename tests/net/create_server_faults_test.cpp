// SPDX-License-Identifier: Apache-2.0
// Whatever the kernel refuses, in whichever place of a conversation between protocols: each is told once that its
// connection is lost, others are served, nothing is left.
#include "io/recorder.hpp"
#include "io/run_with_faults.hpp"

#include <weft/net/create_connection.hpp>
#include <weft/net/create_server.hpp>

using namespace weft_test;

namespace {

constexpr std::size_t large = 200'000;

/// Counts its ends.
struct echo : weft::protocol {
    explicit echo(int& counter) : lost(counter) {}
    void connection_made(weft::transport t) override { transport = std::move(t); }
    void data_received(std::span<const std::byte> data) override { transport.write(data); }
    void connection_lost(std::exception_ptr) override { ++lost; }
    void pause_writing() override { transport.pause_reading(); }
    void resume_writing() override { transport.resume_reading(); }
    weft::transport transport;
    int& lost;
};

/// Sends a word, then much, then no more.
struct talker : weft::protocol {
    explicit talker(int& counter) : lost(counter) {}
    void connection_made(weft::transport t) override {
        transport = std::move(t);
        transport.writelines({"wo", "rd"});
    }
    void data_received(std::span<const std::byte> data) override {
        received += data.size();
        if (received != 4) return;
        transport.write(std::string(large, 'x'));
        transport.write_eof();
    }
    void connection_lost(std::exception_ptr) override { ++lost; }
    weft::transport transport;
    std::size_t received = 0;
    int& lost;
};

struct outcome {
    bool complete = false;
    std::size_t operations = 0;
};

/// @param number  which of the conversation's operations has the fate
outcome converse(std::size_t number, fate f) {
    outcome out;
    int made = 0, lost = 0;
    const auto main = [&](faulty_backend& faults) -> weft::task<> {
        auto server = co_await weft::create_server(
            [&] {
                ++made;
                return std::make_unique<echo>(lost);
            },
            "127.0.0.1", 0);
        faults.decide = [&](weft::opcode code, weft::native_handle) {
            return code != weft::opcode::accept && out.operations++ == number ? f : fate();
        };
        try {
            auto [transport, protocol] = co_await weft::create_connection(
                [&] {
                    ++made;
                    return std::make_unique<talker>(lost);
                },
                "127.0.0.1", server.port());
            co_await transport.wait_closed();
            out.complete = protocol->received == 4 + large;
        } catch (const std::system_error&) {  // of connecting
        }
        faults.decide = [](weft::opcode, weft::native_handle) { return fate(); };
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
        auto next = co_await weft::open_connection("127.0.0.1", server.port());
        co_await next.write("still here?");
        EXPECT_EQ(co_await next.read_exactly(11), "still here?");
        co_await next.close();
        server.close();
        co_await server.wait_closed();
    };
    run_with_faults(main, [](const std::exception_ptr&) {});
    EXPECT_EQ(made, lost) << "operation " << number << ", errno " << f.error;
    return out;
}

TEST(protocols, are_each_told_once_whichever_operation_fails) {
    const outcome well = converse(~std::size_t{0}, {});
    EXPECT_TRUE(well.complete);
    for (const fate f : {fate{.error = EPIPE}, fate{.error = ECONNRESET}, fate{.error = ENOBUFS},
                         fate{.error = ENOMEM, .at_submit = true}}) {
        for (std::size_t number = 0; number < well.operations; ++number) converse(number, f);
    }
}

}  // namespace
