// SPDX-License-Identifier: Apache-2.0
// Files as a part of a stream's output.
#include "io/file_sender.hpp"

#include "io/connected.hpp"
#include "io/temporary_file.hpp"
#include "io/temporary_folder.hpp"
#include "io/told_layer.hpp"

#include <weft/io/file.hpp>
#include <weft/io/pipe.hpp>
#include <weft/testing/memory_stream_pair.hpp>

#include <optional>
#include <string>

using namespace weft_test;

namespace {

weft::task<std::string> everything_of(weft::stream& s) { co_return co_await s.read_all(); }

TEST(send_file, sends_a_file_between_what_is_written_before_and_meanwhile) {
    run([]() -> weft::task<> {
        const temporary_file file(5 << 20);
        auto [client, server] = co_await connect_streams();
        auto got = weft::create_task(everything_of(client));
        co_await server.write("before ");
        auto sending = weft::create_task(server.send_file(file.fd.get()));
        co_await weft::yield_now();
        co_await server.write(" behind");
        EXPECT_EQ(co_await sending, file.text.size());
        co_await server.write_eof();
        EXPECT_TRUE(co_await got == "before " + file.text + " behind");
    });
}

TEST(send_file, to_what_is_no_socket_reads_the_file_and_sends_that) {
    run([]() -> weft::task<> {
        const temporary_file file(1 << 20);
        auto [client, server] = weft::testing::memory_stream_pair();
        auto got = weft::create_task(everything_of(client));
        co_await server.write("before ");
        EXPECT_EQ(co_await server.send_file(file.fd.get(), 1000), file.text.size() - 1000);
        co_await server.write(" behind");
        co_await server.close();
        EXPECT_TRUE(co_await got == "before " + file.text.substr(1000) + " behind");
    });
}

TEST(send_file, sends_a_part) {
    run([]() -> weft::task<> {
        const temporary_file file(1000);
        auto [client, server] = co_await connect_streams();
        EXPECT_EQ(co_await server.send_file(file.fd.get(), 10, 20), 20u);
        EXPECT_EQ(co_await server.send_file(file.fd.get(), 990, 20), 10u);  // the file is shorter
        EXPECT_EQ(co_await server.send_file(file.fd.get(), 5000), 0u);
        EXPECT_EQ(co_await server.send_file(file.fd.get(), 0, 0), 0u);
        co_await server.close();
        EXPECT_EQ(co_await client.read_all(), file.text.substr(10, 20) + file.text.substr(990));
    });
}

TEST(send_file, several_are_sent_one_after_the_other) {
    run([]() -> weft::task<> {
        const temporary_file one(300'000), two(200'000);
        auto [client, server] = co_await connect_streams();
        auto got = weft::create_task(everything_of(client));
        co_await weft::gather(server.send_file(one.fd.get()), server.send_file(two.fd.get()));
        co_await server.close();
        EXPECT_TRUE(co_await got == one.text + two.text);
    });
}

TEST(send_file, the_callers_descriptor_may_be_closed_once_it_has_begun) {
    run([]() -> weft::task<> {
        temporary_file file(3 << 20);
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(server.send_file(file.fd.get()));
        co_await weft::yield_now();
        file.fd.reset();
        auto got = weft::create_task(everything_of(client));
        co_await sending;
        co_await server.close();
        EXPECT_TRUE(co_await got == file.text);
    });
}

TEST(send_file, cancelled_while_waiting_the_file_is_sent_all_the_same) {
    run([]() -> weft::task<> {
        const temporary_file file(8 << 20);
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(server.send_file(file.fd.get()));
        co_await weft::yield_now();
        EXPECT_TRUE(sending.cancel());
        EXPECT_THROW(co_await sending, weft::cancelled_error);
        auto got = weft::create_task(everything_of(client));
        co_await server.close();
        EXPECT_TRUE(co_await got == file.text);
    });
}

TEST(send_file, destroying_the_stream_sends_the_file_first) {
    run([]() -> weft::task<> {
        const temporary_file file(8 << 20);
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(server.send_file(file.fd.get()));
        co_await weft::yield_now();
        {
            const weft::stream gone = std::move(server);
        }
        EXPECT_TRUE(co_await client.read_all() == file.text);
        EXPECT_EQ(co_await sending, file.text.size());
    });
}

TEST(send_file, destroyed_while_waiting) {
    const temporary_file file(8 << 20);
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    weft::stream kept;
    loop.run_until_complete([](weft::stream& keep, const temporary_file& f) -> weft::task<> {
        auto ends = co_await connect_streams();
        keep = std::move(ends.server);
        weft::spawn(keep.send_file(f.fd.get()));
        co_await weft::yield_now();
        co_await weft::yield_now();
    }(kept, file));
    loop.close();
}

TEST(send_file, aborting_the_stream_ends_it) {
    run([]() -> weft::task<> {
        const temporary_file file(8 << 20);
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(server.send_file(file.fd.get()));
        co_await weft::yield_now();
        server.abort();
        EXPECT_THROW(co_await sending, std::system_error);
        EXPECT_THROW(static_cast<void>(server.write("x")), std::system_error);
    });
}

/// A layer of the test's, to which a stream sends a file.
struct told_of_a_file {
    weft::task<> begin() {
        stream = weft::stream(std::make_unique<weft::stream_core>(
            weft::get_running_loop(), std::make_unique<told_layer>(told), weft::stream_limits()));
        sending = weft::create_task(stream.send_file(file.fd.get()));
        co_await settle();
    }
    const temporary_file file{1000};
    told_layer::state told;
    weft::stream stream;
    std::optional<weft::task_handle<std::uint64_t>> sending;
};

TEST(send_file, given_up_leaves_in_place_what_the_layer_is_sending) {
    run([]() -> weft::task<> {
        told_of_a_file t;
        co_await t.begin();
        t.told.sink->on_receive_error(ETIMEDOUT);
        EXPECT_THROW(co_await *t.sending, std::system_error);
        EXPECT_EQ(t.told.sending, t.file.text);
        t.told.complete_send();
        EXPECT_EQ(t.told.sent, t.file.text);
        EXPECT_THROW(co_await t.stream.send_file(t.file.fd.get()), std::system_error);
    });
}

TEST(send_file, aborted_leaves_in_place_what_the_layer_is_sending_until_that_has_gone) {
    run([]() -> weft::task<> {
        told_of_a_file t;
        co_await t.begin();
        t.stream.abort();
        EXPECT_EQ(t.told.cut_off, t.file.text);
        EXPECT_TRUE(t.told.destroyed);
        EXPECT_THROW(co_await *t.sending, std::system_error);
    });
}

TEST(send_file, to_a_socket_as_a_pipe_aborted_in_the_middle_sends_nothing_else) {
    run([]() -> weft::task<> {
        const temporary_file file(4 << 20);
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        auto reads = weft::connect_read_pipe(weft::unique_fd(ends[0]));
        auto writes = weft::connect_write_pipe(weft::unique_fd(ends[1]));
        auto sending = weft::create_task(writes.send_file(file.fd.get()));
        std::string got = co_await reads.read_exactly(100'000);
        writes.abort();
        EXPECT_THROW(co_await sending, std::system_error);
        got += co_await reads.read_all();
        EXPECT_LT(got.size(), file.text.size());
        EXPECT_TRUE(file.text.starts_with(got));
    });
}

TEST(send_file, a_peer_that_goes_away_is_an_error) {
    run([]() -> weft::task<> {
        const temporary_file file(8 << 20);
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(server.send_file(file.fd.get()));
        co_await client.read(1);
        client.abort();
        EXPECT_THROW(co_await sending, std::system_error);
    });
}

TEST(send_file, what_is_no_file_is_an_error_before_anything_is_sent) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        EXPECT_THROW(co_await server.send_file(-1), std::system_error);
        EXPECT_THROW(co_await server.send_file(client.descriptor()), std::system_error);
        co_await server.write("still fine");
        EXPECT_EQ(co_await client.read_exactly(10), "still fine");
        EXPECT_THROW(static_cast<void>(server.send_file(0, ~std::uint64_t{0})), std::invalid_argument);
    });
}

// Of weft::file

/// A file of that size, open for reading.
weft::task<weft::file> a_file(const temporary_folder& folder, std::size_t size) {
    co_await weft::write_file(folder / "sent", temporary_file(size).text);
    co_return co_await weft::file::open(folder / "sent");
}

TEST(send_file, of_a_file_its_position_says_not_where_to_begin_but_is_behind_what_was_sent) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        weft::file file = co_await a_file(folder, 1000);
        const std::string text = co_await file.read_all();
        auto [client, server] = co_await connect_streams();
        EXPECT_EQ(co_await server.send_file(file), 1000u);
        EXPECT_EQ(file.tell(), 1000u);
        EXPECT_EQ(co_await server.send_file(file, 10, 20), 20u);
        EXPECT_EQ(file.tell(), 30u);
        EXPECT_EQ(co_await server.send_file(file, 5000), 0u);
        EXPECT_EQ(co_await server.send_file(file, 0, 0), 0u);
        EXPECT_EQ(file.tell(), 30u);  // nothing was sent
        EXPECT_EQ(co_await file.read(5), text.substr(30, 5));
        co_await server.close();
        EXPECT_TRUE(co_await client.read_all() == text + text.substr(10, 20));
    });
}

TEST(send_file, of_a_file_to_what_is_no_socket) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        weft::file file = co_await a_file(folder, 200'000);
        auto [client, server] = weft::testing::memory_stream_pair();
        auto got = weft::create_task(everything_of(client));
        EXPECT_EQ(co_await server.send_file(file, 1000), 199'000u);
        EXPECT_EQ(file.tell(), 200'000u);
        co_await server.close();
        EXPECT_TRUE(co_await got == (co_await file.read_at(1000, 200'000)));
    });
}

TEST(send_file, of_a_file_that_is_destroyed_meanwhile_sends_it_all_the_same) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        weft::file file = co_await a_file(folder, 3 << 20);
        auto [client, server] = co_await connect_streams();
        auto sending = server.send_file(file);
        file = weft::file();  // it has not even begun
        auto got = weft::create_task(everything_of(client));
        EXPECT_EQ(co_await std::move(sending), 3u << 20);
        co_await server.close();
        EXPECT_TRUE(co_await got == temporary_file(3 << 20).text);
    });
}

TEST(send_file, of_a_file_that_is_being_sent_closing_is_refused) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        weft::file file = co_await a_file(folder, 8 << 20);
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(server.send_file(file));
        co_await weft::yield_now();
        EXPECT_THROW(static_cast<void>(file.close()), weft::invalid_state_error);
        auto got = weft::create_task(everything_of(client));
        EXPECT_EQ(co_await sending, 8u << 20);
        co_await file.close();
        EXPECT_THROW(static_cast<void>(server.send_file(file)), weft::invalid_state_error);
        co_await server.close();
        EXPECT_EQ((co_await got).size(), 8u << 20);
    });
}

TEST(send_file, of_a_file_cancelled_while_waiting_lets_it_be_closed_and_sends_it_all_the_same) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        weft::file file = co_await a_file(folder, 8 << 20);
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(server.send_file(file));
        const std::string first = co_await client.read(1);
        EXPECT_TRUE(sending.cancel());
        EXPECT_THROW(co_await sending, weft::cancelled_error);
        EXPECT_LT(file.tell(), 8u << 20);  // as far as it had got
        co_await file.close();
        auto got = weft::create_task(everything_of(client));
        co_await server.close();
        EXPECT_TRUE(first + co_await got == temporary_file(8 << 20).text);
    });
}

TEST(send_file, of_two_parts_of_a_file_at_once) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        weft::file file = co_await a_file(folder, 1000);
        auto [client, server] = co_await connect_streams();
        co_await weft::gather(server.send_file(file, 0, 500), server.send_file(file, 500));
        EXPECT_EQ(file.tell(), 1000u);  // that of the one that ended last
        co_await server.close();
        EXPECT_TRUE(co_await client.read_all() == temporary_file(1000).text);
    });
}

TEST(send_file, of_a_file_that_cannot_be_read_is_an_error_before_anything_is_sent) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        using enum weft::open_mode;
        const weft::file written = co_await weft::file::open(folder / "written", write | create);
        auto [client, server] = co_await connect_streams();
        std::string said;
        try {
            co_await server.send_file(written);
        } catch (const std::system_error& e) {
            said = e.what();
        }
        EXPECT_THAT(said, testing::HasSubstr("written: not open for reading"));
        EXPECT_THROW(co_await server.send_file(written.descriptor()), std::system_error);
        EXPECT_THROW(static_cast<void>(server.send_file(weft::file())), weft::invalid_state_error);
        EXPECT_THROW(static_cast<void>(server.send_file(written, ~std::uint64_t{0})), std::invalid_argument);
        co_await server.write("still fine");
        EXPECT_EQ(co_await client.read_exactly(10), "still fine");
    });
}

}  // namespace
