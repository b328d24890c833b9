// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of what streams can do: somebody is told, nothing is left, and it works again.
#include "io/temporary_folder.hpp"
#include "without_memory.hpp"

#include <weft/io/file.hpp>
#include <weft/io/pipe.hpp>

#include <sys/socket.h>

#include <array>
#include <fstream>
#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

/// Tasks share them, who outlive an attempt that fails.
using shared_ends = std::shared_ptr<connected>;

connected connect_by_unix_sockets() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    weft::unique_fd one(ends[0]), other(ends[1]);
    connected made;
    made.client = make_stream(std::move(one));
    made.server = make_stream(std::move(other));
    return made;
}
connected connect_by_tcp() {
    sockets made = connect_sockets();
    for (const auto* fd : {&made.client, &made.server}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
    connected streams;
    streams.client = make_stream(std::move(made.client));
    streams.server = make_stream(std::move(made.server));
    return streams;
}

/// More than a socket takes at once.
constexpr std::size_t much = 3 << 20;

weft::task<> send_pieces(shared_ends ends) {
    weft::stream& s = ends->client;
    try {
        const std::string one(much / 2, 'x'), other(much / 2, 'x');
        const std::array pieces{std::as_bytes(std::span(one)), std::as_bytes(std::span(other))};
        co_await s.write(pieces);
        co_await s.write_eof();
    } catch (...) {
        s.abort();
        throw;
    }
}
weft::task<> send_back(shared_ends ends) {
    weft::stream& s = ends->server;
    try {
        while (weft::chunk some = co_await s.read_chunk()) co_await s.write(std::move(some));
        co_await s.write_eof();
    } catch (...) {
        s.abort();
        throw;
    }
}
weft::task<> receive(weft::stream& s) {
    std::size_t count = 0;
    while (const weft::chunk some = co_await s.read_chunk()) count += some.size();
    if (count != much) throw std::system_error(ECONNRESET, std::generic_category(), "the other end has gone");
}

/// Receives all at the client's end.
/// @param start  makes the tasks that send: they end before this does, and what went wrong first is thrown
template <class Start>
weft::task<> receive_what_is_sent(shared_ends ends, Start start) {
    auto senders = start();
    std::exception_ptr error;
    try {
        co_await receive(ends->client);
    } catch (...) {
        error = std::current_exception();
        ends->client.abort();
        ends->server.abort();
    }
    for (auto& each : senders) {
        try {
            co_await each;
        } catch (...) {
            if (!error) error = std::current_exception();
        }
    }
    if (error) std::rethrow_exception(error);
}

/// @param connect  makes both ends
template <class Connect>
void converse_without_memory(Connect connect) {
    const std::size_t allocations_made = fail_each_allocation([&]() -> weft::task<> {
        const auto ends = std::make_shared<connected>(connect());
        co_await receive_what_is_sent(
            ends, [&] { return std::array{weft::create_task(send_pieces(ends)), weft::create_task(send_back(ends))}; });
    });
    EXPECT_GT(allocations_made, 10u);
}

TEST(a_stream, without_memory_carries_chunks_and_pieces_or_says_so) { converse_without_memory(connect_by_tcp); }
TEST(a_stream, without_memory_carries_chunks_and_pieces_by_unix_sockets_or_says_so) {
    converse_without_memory(connect_by_unix_sockets);
}

TEST(a_stream, without_memory_reads_and_writes_text_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto [client, server] = connect_by_tcp();
        const std::string line(100'000, 'x');
        co_await client.write(line + "\n");
        EXPECT_EQ((co_await server.read_exactly(50'000)).size(), 50'000u);
        server.set_write_buffer_limits(10);
        EXPECT_EQ(co_await server.read_until("\n"), line.substr(50'000) + "\n");
        co_await client.write("rest");
        client.close();
        EXPECT_EQ(co_await to_task(server.read_all()), "rest");
        co_await to_task(server.close());
    });
    EXPECT_GT(allocations_made, 5u);
}

TEST(a_pipe, without_memory_carries_what_is_written_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe();
        const std::string text(much, 'x');
        static_cast<void>(writer.write(text));  // more than the pipe holds
        writer.close();
        const std::string got = co_await reader.read_all();
        if (got.size() != much) co_await writer.drain();  // says why
        EXPECT_EQ(got.size(), much);
    });
    EXPECT_GT(allocations_made, 5u);
}

TEST(send_file, without_memory_sends_it_or_says_so) {
    const temporary_folder folder;
    const std::string path = folder / "file";
    std::ofstream(path) << std::string(100'000, 'x');
    const std::size_t allocations_made = fail_each_allocation([&]() -> weft::task<> {
        auto [client, server] = connect_by_tcp();
        const weft::file from = co_await weft::file::open(path);
        EXPECT_EQ(co_await server.send_file(from), 100'000u);
        server.close();
        const std::string got = co_await client.read_all();
        EXPECT_EQ(got.size(), 100'000u);
    });
    EXPECT_GT(allocations_made, 10u);
}

/// Sends back what it receives, and ends with the other end.
struct echoing : weft::protocol {
    void connection_made(weft::transport t) override { transport = std::move(t); }
    void data_received(std::span<const std::byte> data) override { transport.write(data); }
    void connection_lost(std::exception_ptr error) override { expect_want_of_memory(error); }
    weft::transport transport;
};

TEST(a_transport, without_memory_carries_what_is_written_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        const auto ends = std::make_shared<connected>(connect_by_tcp());
        const auto protocol = std::make_shared<echoing>();
        const auto transport = co_await weft::connect_protocol(std::move(ends->server), protocol);
        co_await receive_what_is_sent(ends, [&] { return std::array{weft::create_task(send_pieces(ends))}; });
        transport.close();
    });
    EXPECT_GT(allocations_made, 10u);
}

#endif

}  // namespace
