// SPDX-License-Identifier: Apache-2.0
// Files as a part of what a transport sends.
#include "io/recorder.hpp"
#include "io/temporary_file.hpp"
#include "io/temporary_folder.hpp"

#include <weft/io/connect_protocol.hpp>
#include <weft/io/file.hpp>
#include <weft/io/pipe.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <string>

using namespace weft_test;

namespace {

weft::task<std::string> everything_of(weft::stream& s) { co_return co_await s.read_all(); }

/// A transport whose protocol writes a diary, over a socket, and its peer.
struct recorded_socket {
    weft::stream peer;
    diary log;
    std::shared_ptr<recorder> protocol = std::make_shared<recorder>(log);
    weft::transport transport;
    weft::task<> connect() {
        auto ends = co_await connect_streams();
        peer = std::move(ends.client);
        transport = co_await weft::connect_protocol(std::move(ends.server), protocol);
        log.next();
    }
    weft::task_handle<std::uint64_t> send(const temporary_file& file) const {
        return weft::create_task(transport.send_file(file.fd.get()));
    }
    weft::task_handle<std::string> receive_all() { return weft::create_task(everything_of(peer)); }
};

/// A pipe whose end that writes is a transport's.
struct recorded_pipe {
    diary log;
    weft::unique_fd reads;
    weft::transport transport;
    weft::task<> connect() {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        reads.reset(ends[0]);
        auto writes = weft::connect_write_pipe(weft::unique_fd(ends[1]));
        transport = co_await weft::connect_protocol(std::move(writes), std::make_shared<recorder>(log));
        log.next();
    }
    weft::task_handle<std::uint64_t> send(const temporary_file& file) const {
        return weft::create_task(transport.send_file(file.fd.get()));
    }
};

/// Runs `main(r, file)`, connected, with a file of `size` bytes.
template <class Recorded, class F>
void with_connected(std::size_t size, F main) {
    run([&]() -> weft::task<> {
        const temporary_file file(size);
        Recorded r;
        co_await r.connect();
        co_await main(r, file);
    });
}
template <class F>
void with_socket(std::size_t size, F main) {
    with_connected<recorded_socket>(size, main);
}
template <class F>
void with_pipe(std::size_t size, F main) {
    with_connected<recorded_pipe>(size, main);
}

TEST(transport_send_file, sends_a_file_between_what_is_written_before_and_meanwhile) {
    with_socket(5 << 20, [](recorded_socket& r, const temporary_file& file) -> weft::task<> {
        auto got = r.receive_all();
        r.transport.write("before ");
        auto sending = r.send(file);
        co_await turn();
        r.transport.write(" behind");
        EXPECT_EQ(co_await sending, file.text.size());
        r.transport.write(", the end");
        r.transport.close();
        EXPECT_TRUE(co_await got == "before " + file.text + " behind, the end");
        EXPECT_EQ(r.log.next(), "lost");
    });
}

TEST(transport_send_file, to_what_is_no_socket_reads_the_file_and_sends_that) {
    with_pipe(1 << 20, [](recorded_pipe& r, const temporary_file& file) -> weft::task<> {
        auto reader = weft::connect_read_pipe(std::move(r.reads));
        auto got = weft::create_task(everything_of(reader));
        r.transport.write("before ");
        auto sending = weft::create_task(r.transport.send_file(file.fd.get(), 1000));
        co_await turn();
        r.transport.write(" behind");
        EXPECT_EQ(co_await sending, file.text.size() - 1000);
        r.transport.close();
        EXPECT_TRUE(co_await got == "before " + file.text.substr(1000) + " behind");
    });
}

TEST(transport_send_file, sends_a_part) {
    with_socket(1000, [](recorded_socket& r, const temporary_file& file) -> weft::task<> {
        EXPECT_EQ(co_await r.transport.send_file(file.fd.get(), 10, 20), 20u);
        EXPECT_EQ(co_await r.transport.send_file(file.fd.get(), 990, 20), 10u);  // the file is shorter
        EXPECT_EQ(co_await r.transport.send_file(file.fd.get(), 5000), 0u);
        EXPECT_EQ(co_await r.transport.send_file(file.fd.get(), 0, 0), 0u);
        r.transport.close();
        EXPECT_EQ(co_await r.peer.read_all(), file.text.substr(10, 20) + file.text.substr(990));
    });
}

TEST(transport_send_file, several_are_sent_in_the_order_in_which_they_begin_each_with_what_was_written_behind_it) {
    run([]() -> weft::task<> {
        const temporary_file one(300'000), two(200'000), three(100);
        recorded_socket r;
        co_await r.connect();
        auto got = r.receive_all();
        auto first = weft::create_task(r.transport.send_file(one.fd.get()));
        auto second = weft::create_task(r.transport.send_file(two.fd.get()));
        auto third = weft::create_task(r.transport.send_file(three.fd.get()));
        co_await turn();
        r.transport.write("behind");
        r.transport.write_eof();
        EXPECT_EQ(co_await third, 100u);
        EXPECT_TRUE(first.done() && second.done());
        EXPECT_TRUE(co_await got == one.text + two.text + three.text + "behind");
        EXPECT_FALSE(r.transport.is_closing());
        EXPECT_THROW(co_await r.transport.send_file(one.fd.get()), weft::invalid_state_error);
        r.transport.abort();
    });
}

TEST(transport_send_file, moves_the_position_of_a_file_behind_what_was_sent) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        co_await weft::write_file(folder / "sent", temporary_file(1000).text);
        const weft::file file = co_await weft::file::open(folder / "sent");
        recorded_socket r;
        co_await r.connect();
        EXPECT_EQ(co_await r.transport.send_file(file, 10, 20), 20u);
        EXPECT_EQ(file.tell(), 30u);
        EXPECT_EQ(co_await r.transport.send_file(file), 1000u);
        EXPECT_EQ(file.tell(), 1000u);
        EXPECT_THROW(static_cast<void>(r.transport.send_file(weft::file())), weft::invalid_state_error);
        r.transport.close();
        EXPECT_EQ((co_await r.peer.read_all()).size(), 1020u);
    });
}

TEST(transport_send_file, holds_back_what_comes_in_until_it_is_over) {
    with_socket(4 << 20, [](recorded_socket& r, const temporary_file& file) -> weft::task<> {
        r.protocol->keeps_open = true;
        auto sending = r.send(file);
        co_await r.peer.write("request");
        co_await r.peer.write_eof();
        EXPECT_EQ(co_await r.peer.read_exactly(1000), file.text.substr(0, 1000));
        EXPECT_FALSE(r.transport.is_reading());
        EXPECT_EQ(r.log.next(), "");
        auto got = r.receive_all();
        co_await sending;
        EXPECT_TRUE(r.transport.is_reading());
        while (r.log.text != "request eof") co_await turn();
        r.transport.close();
        EXPECT_EQ((co_await got).size(), file.text.size() - 1000);
    });
}

TEST(transport_send_file, leaves_reading_paused_if_it_was_or_is_meanwhile) {
    with_socket(100'000, [](recorded_socket& r, const temporary_file& file) -> weft::task<> {
        auto got = r.receive_all();
        r.transport.pause_reading();
        co_await r.transport.send_file(file.fd.get());
        EXPECT_FALSE(r.transport.is_reading());
        auto sending = r.send(file);
        co_await turn();
        r.transport.resume_reading();
        EXPECT_FALSE(r.transport.is_reading());
        co_await sending;
        EXPECT_TRUE(r.transport.is_reading());
        sending = r.send(file);
        co_await turn();
        r.transport.pause_reading();
        co_await sending;
        EXPECT_FALSE(r.transport.is_reading());
        r.transport.close();
        co_await got;
    });
}

TEST(transport_send_file, pauses_the_protocol_for_what_it_writes_meanwhile_and_resumes_it) {
    with_socket(8 << 20, [](recorded_socket& r, const temporary_file& file) -> weft::task<> {
        auto sending = r.send(file);
        co_await turn();
        EXPECT_EQ(r.transport.get_write_buffer_size(), 0u);
        r.transport.write(std::string(65'536, 'x'));
        EXPECT_EQ(r.log.next(), "");
        r.transport.write("x");
        EXPECT_EQ(r.log.next(), "pause");
        EXPECT_EQ(r.transport.get_write_buffer_size(), 65'537u);
        auto got = r.receive_all();
        co_await sending;
        r.transport.close();
        EXPECT_EQ((co_await got).size(), file.text.size() + 65'537);
        EXPECT_EQ(r.log.next(), "resume lost");
    });
}

TEST(transport_send_file, closing_sends_it_first_and_is_refused_before_it) {
    with_socket(8 << 20, [](recorded_socket& r, const temporary_file& file) -> weft::task<> {
        auto sending = r.send(file);
        auto late = r.transport.send_file(file.fd.get());
        co_await turn();
        r.transport.close();
        std::string said;
        try {
            co_await std::move(late);
        } catch (const weft::invalid_state_error& e) {
            said = e.what();
        }
        EXPECT_THAT(said, testing::EndsWith("the transport is closing"));
        EXPECT_TRUE(co_await r.peer.read_all() == file.text);
        EXPECT_EQ(co_await sending, file.text.size());
        co_await r.transport.wait_closed();
        EXPECT_EQ(r.log.next(), "lost");
        EXPECT_THROW(co_await r.transport.send_file(file.fd.get()), weft::invalid_state_error);
        EXPECT_THROW(static_cast<void>(weft::transport().send_file(file.fd.get())), weft::invalid_state_error);
    });
}

TEST(transport_send_file, cancelled_while_waiting_the_file_is_sent_all_the_same) {
    with_socket(8 << 20, [](recorded_socket& r, const temporary_file& file) -> weft::task<> {
        auto sending = r.send(file);
        auto next = weft::create_task(r.transport.send_file(file.fd.get(), 0, 3));
        co_await turn();
        EXPECT_TRUE(sending.cancel());
        EXPECT_TRUE(next.cancel());
        EXPECT_THROW(co_await sending, weft::cancelled_error);
        EXPECT_THROW(co_await next, weft::cancelled_error);
        r.transport.write("behind");
        auto got = r.receive_all();
        r.transport.close();
        EXPECT_TRUE(co_await got == file.text + file.text.substr(0, 3) + "behind");
    });
}

TEST(transport_send_file, destroyed_while_waiting) {
    const temporary_file file(8 << 20);
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    recorded_socket r;
    loop.run_until_complete([](recorded_socket& to, const temporary_file& f) -> weft::task<> {
        co_await to.connect();
        weft::spawn(to.transport.send_file(f.fd.get()));
        weft::spawn(to.transport.send_file(f.fd.get()));
        co_await turn();
        co_await turn();
    }(r, file));
    loop.close();
    EXPECT_TRUE(r.transport.is_closing());
}

TEST(transport_send_file, aborting_the_transport_ends_it_and_those_behind_it) {
    with_socket(8 << 20, [](recorded_socket& r, const temporary_file& file) -> weft::task<> {
        auto sending = r.send(file);
        auto next = r.send(file);
        co_await r.peer.read(1);
        r.transport.abort();
        for (auto* t : {&sending, &next}) {
            std::error_code why;
            try {
                co_await *t;
            } catch (const std::system_error& e) {
                why = e.code();
            }
            EXPECT_EQ(why, std::errc::connection_aborted);
        }
        EXPECT_EQ(r.log.next(), "lost");
    });
}

TEST(transport_send_file, to_a_pipe_aborted_in_the_middle) {
    with_pipe(1 << 20, [](recorded_pipe& r, const temporary_file& file) -> weft::task<> {
        auto sending = r.send(file);
        {
            auto reader = weft::connect_read_pipe(std::move(r.reads));
            co_await reader.read_exactly(100'000);
            r.transport.abort();
            EXPECT_THROW(co_await sending, std::system_error);
            EXPECT_LT((co_await reader.read_all()).size(), file.text.size() - 100'000);
        }
        EXPECT_EQ(r.log.next(), "lost");
    });
}

TEST(transport_send_file, a_peer_that_goes_away_is_an_error_for_it_and_for_the_protocol) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        co_await weft::write_file(folder / "sent", temporary_file(8 << 20).text);
        const weft::file file = co_await weft::file::open(folder / "sent");
        recorded_socket r;
        co_await r.connect();
        auto sending = weft::create_task(r.transport.send_file(file));
        co_await r.peer.read(1);
        r.peer.abort();
        int error = 0;
        try {
            co_await sending;
        } catch (const std::system_error& e) {
            error = e.code().value();
        }
        EXPECT_THAT(error, testing::AnyOf(ECONNRESET, EPIPE));
        co_await r.transport.wait_closed();
        EXPECT_EQ(r.log.next(), "lost:" + std::to_string(error));
        EXPECT_LT(file.tell(), 8u << 20);
    });
}

TEST(transport_send_file, a_peer_that_closes_when_it_has_everything_is_no_error) {
    with_socket(1 << 20, [](recorded_socket& r, const temporary_file& file) -> weft::task<> {
        auto sending = r.send(file);
        EXPECT_TRUE(co_await r.peer.read_exactly(file.text.size()) == file.text);
        co_await r.peer.close();
        EXPECT_EQ(co_await sending, file.text.size());
        co_await r.transport.wait_closed();
        EXPECT_EQ(r.log.next(), "eof lost");
    });
}

TEST(transport_send_file, what_is_no_file_is_an_error_before_anything_is_sent) {
    run([]() -> weft::task<> {
        recorded_socket r;
        co_await r.connect();
        EXPECT_THROW(co_await r.transport.send_file(-1), std::system_error);
        EXPECT_THROW(co_await r.transport.send_file(r.peer.descriptor()), std::system_error);
        EXPECT_THROW(static_cast<void>(r.transport.send_file(0, ~std::uint64_t{0})), std::invalid_argument);
        r.transport.write("still fine");
        EXPECT_EQ(co_await r.peer.read_exactly(10), "still fine");
        r.transport.abort();
    });
}

}  // namespace
