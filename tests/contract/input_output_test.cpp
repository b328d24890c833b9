// SPDX-License-Identifier: Apache-2.0
// The public surface of what is no stream, of input and output, as a program outside would write it: nothing but the
// umbrella header, every name once. It runs on real loops, over real sockets, files and children.
#include "contract/connected.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <memory>
#include <span>
#include <string>
#include <string_view>

using namespace weft_contract;

namespace {

// Datagrams, files, processes, signals

weft::task<> datagrams() {
    auto a = co_await weft::datagram_socket::bind("127.0.0.1", 0);
    auto b = co_await weft::datagram_socket::bind("127.0.0.1", 0);
    co_await a.send_to("ping", b.local());
    const weft::datagram got = co_await b.receive_from();
    EXPECT_EQ(got.bytes, "ping");
    co_await b.connect(got.from);
    co_await b.send("pong");
    std::array<std::byte, 100> buffer;
    EXPECT_EQ((co_await a.receive_from(buffer)).bytes, 4u);
}

TEST(contract, datagrams) { weft::run(datagrams()); }

weft::task<> files(std::string path) {
    using enum weft::open_mode;
    weft::file f = co_await weft::file::open(path, read | write | create);
    co_await f.write("written");
    co_await f.write_at(7, " at");
    co_await f.sync();
    EXPECT_EQ(co_await f.read_at(0, 100), "written at");
    f.seek(8);
    EXPECT_EQ(co_await f.read(100), "at");

    ends e = co_await connect_tcp();
    EXPECT_EQ(co_await e.server.send_file(f), 10u);
    EXPECT_EQ(co_await e.server.send_file(f.descriptor(), 8, 2), 2u);
    EXPECT_EQ(co_await e.client.read_exactly(12), "written atat");
    co_await f.close();
}

TEST(contract, files) {
    const folder own;
    weft::run(files(own / "file"));
}

weft::task<> processes() {
    auto p = co_await weft::spawn_process({"tr", "a-z", "A-Z"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
    auto [out, err] = co_await p.communicate("shout");
    EXPECT_EQ(out, "SHOUT");
    const std::array<std::string_view, 2> inputs{"text", "bytes"};
    auto first = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
    EXPECT_EQ((co_await first.communicate(inputs[0])).out, "text");
    auto second = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
    EXPECT_EQ((co_await second.communicate(std::as_bytes(std::span(inputs[1])))).out, "bytes");
    auto shell = co_await weft::run_shell("exit 3");
    EXPECT_EQ((co_await shell.wait()).code(), 3);
    auto sleeper = co_await weft::spawn_process({"sleep", "1000"});
    sleeper.terminate();
    EXPECT_EQ((co_await sleeper.wait()).signal(), SIGTERM);
    auto other = co_await weft::spawn_process({"sleep", "1000"});
    other.kill();
    EXPECT_EQ((co_await other.wait()).signal(), SIGKILL);
}

TEST(contract, processes) { weft::run(processes()); }

TEST(contract, signals) {
    weft::run([]() -> weft::task<> {
        weft::signal_stream interrupts(SIGINT);
        ::raise(SIGINT);
        EXPECT_EQ(co_await interrupts.next(), SIGINT);
    }());
}

// Callbacks

struct echo_protocol : weft::protocol {
    void connection_made(weft::transport t) override {
        to = t;
        to.set_write_buffer_limits(1 << 20);
    }
    void data_received(std::span<const std::byte> data) override { to.write(data); }
    weft::transport to;
};

struct collecting : weft::buffered_protocol {
    void connection_made(weft::transport t) override {
        t.pause_reading();
        t.write("called back");
        t.resume_reading();
        from = t;
    }
    std::span<std::byte> get_buffer(std::size_t) override { return memory; }
    void buffer_updated(std::size_t count) override {
        text.append(reinterpret_cast<const char*>(memory.data()), count);
        if (text.size() >= 11) from.abort();
    }
    void connection_lost(std::exception_ptr) override { lost.set_result(text); }
    weft::transport from;
    std::array<std::byte, 4> memory;
    std::string text;
    weft::future<std::string> lost;
};

struct answering : weft::datagram_protocol {
    void connection_made(weft::datagram_transport t) override { by = t; }
    void datagram_received(std::span<const std::byte> data, const weft::address& from) override {
        by.send_to(data, from);
    }
    weft::datagram_transport by;
};

weft::task<> callbacks() {
    auto server = co_await weft::create_server([] { return std::make_unique<echo_protocol>(); }, "127.0.0.1", 0);
    auto made =
        co_await weft::create_connection([] { return std::make_shared<collecting>(); }, "127.0.0.1", server.port());
    EXPECT_EQ(co_await made.protocol->lost, "called back");

    const weft::datagram_endpoint_options at{.local = weft::address{"127.0.0.1", 0}};
    auto endpoint = co_await weft::create_datagram_endpoint([] { return std::make_unique<answering>(); }, at);
    auto socket = co_await weft::datagram_socket::connect("127.0.0.1", endpoint.transport.local().port);
    co_await socket.send("echo");
    EXPECT_EQ((co_await socket.receive_from()).bytes, "echo");
    endpoint.transport.close();
}

TEST(contract, callbacks) { weft::run(callbacks()); }

}  // namespace

// With everything of weft in sight nothing of the system's hides or is hidden.
namespace under_using {

using namespace weft;

task<std::string> output_of(std::string command) {
    auto p = co_await run_shell(std::move(command), {.stdout_ = pipe});
    auto [out, err] = co_await p.communicate();
    co_return out;
}

TEST(contract, input_and_output_under_using_namespace) { EXPECT_EQ(run(output_of("echo x")), "x\n"); }

}  // namespace under_using
