// SPDX-License-Identifier: Apache-2.0
// Several files in a stream's output, and those that cannot be sent, or not to their end.
#include "io/file_queue.hpp"

#include "io/connect_either.hpp"
#include "io/recorder.hpp"
#include "io/stream_handover.hpp"
#include "io/temporary_file.hpp"
#include "io/told_layer.hpp"

#include <weft/io/connect_protocol.hpp>

#include <fcntl.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

using namespace weft_test;
using namespace std::chrono_literals;

namespace {

weft::task<std::string> everything_of(weft::stream& s) { co_return co_await s.read_all(); }

/// The errno by which sending ends; 0: by none.
weft::task<int> error_of(weft::task<std::uint64_t> sending) {
    try {
        co_await std::move(sending);
    } catch (const std::system_error& e) {
        co_return e.code().value();
    }
    co_return 0;
}

weft::unique_fd a_directory() { return weft::unique_fd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

// Several

TEST(file_queue, files_go_in_the_order_in_which_they_begin_each_with_what_was_written_behind_it) {
    run([]() -> weft::task<> {
        const temporary_file one(300'000), two(200'000), three(100);
        auto [client, server] = co_await connect_streams();
        auto got = weft::create_task(everything_of(client));
        auto first = weft::create_task(server.send_file(one.fd.get()));
        co_await weft::yield_now();
        static_cast<void>(server.write("between"));
        auto second = weft::create_task(server.send_file(two.fd.get()));
        auto third = weft::create_task(server.send_file(three.fd.get()));
        co_await weft::yield_now();
        static_cast<void>(server.write("behind"));
        EXPECT_EQ(co_await third, 100u);
        EXPECT_TRUE(first.done() && second.done());
        static_cast<void>(server.write(", the end"));
        co_await server.close();
        EXPECT_TRUE(co_await got == one.text + "between" + two.text + three.text + "behind, the end");
    });
}

TEST(file_queue, closing_sends_those_that_have_begun_and_refuses_others) {
    run([]() -> weft::task<> {
        const temporary_file one(8 << 20), two(200'000);
        auto [client, server] = co_await connect_streams();
        auto first = weft::create_task(server.send_file(one.fd.get()));
        auto second = weft::create_task(server.send_file(two.fd.get()));
        auto late = server.send_file(one.fd.get());
        co_await weft::yield_now();
        auto closed = weft::create_task(to_task(server.close()));
        EXPECT_THROW(co_await std::move(late), weft::invalid_state_error);
        EXPECT_TRUE(co_await client.read_all() == one.text + two.text);
        co_await closed;
        EXPECT_EQ(co_await first, one.text.size());
        EXPECT_EQ(co_await second, two.text.size());
    });
}

TEST(file_queue, cancelled_while_waiting_for_its_turn_it_is_sent_all_the_same) {
    run([]() -> weft::task<> {
        const temporary_file one(8 << 20), two(1000);
        auto [client, server] = co_await connect_streams();
        auto first = weft::create_task(server.send_file(one.fd.get()));
        auto second = weft::create_task(server.send_file(two.fd.get()));
        co_await weft::yield_now();
        EXPECT_TRUE(second.cancel());
        EXPECT_THROW(co_await second, weft::cancelled_error);
        auto got = weft::create_task(everything_of(client));
        co_await first;
        co_await server.close();
        EXPECT_TRUE(co_await got == one.text + two.text);
    });
}

TEST(file_queue, destroyed_while_waiting_for_its_turn) {
    const temporary_file file(8 << 20);
    weft::stream kept;
    destroy_while_waiting([&]() -> weft::task<> {
        auto ends = co_await connect_streams();
        kept = std::move(ends.server);
        co_await weft::gather(kept.send_file(file.fd.get()), kept.send_file(file.fd.get()));
    });
}

TEST(file_queue, counts_as_unsent_what_the_files_are_long) {
    run([]() -> weft::task<> {
        const temporary_file file(8 << 20);
        auto [client, server] = co_await connect_streams();
        for (int i = 0; i < 3; ++i) weft::spawn(error_of(server.send_file(file.fd.get(), 1 << 20)));
        weft::spawn(error_of(server.send_file(file.fd.get(), 9 << 20)));  // behind its end
        co_await weft::yield_now();
        const std::uint64_t unsent = weft::stream_handover::core(server).unsent_bytes();
        EXPECT_LE(unsent, 3u * (7 << 20));
        EXPECT_GT(unsent, 2u * (7 << 20));
        server.abort();
        EXPECT_EQ(weft::stream_handover::core(server).unsent_bytes(), 0u);
        co_await settle();
    });
}

TEST(file_queue, a_file_that_does_not_say_how_long_it_is_counts_as_nothing_and_is_sent) {
    run([]() -> weft::task<> {
        std::ifstream same("/proc/version");
        const std::string text(std::istreambuf_iterator<char>(same), {});
        const weft::unique_fd file(::open("/proc/version", O_RDONLY | O_CLOEXEC));
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(server.send_file(file.get()));
        co_await weft::yield_now();
        EXPECT_EQ(weft::stream_handover::core(server).unsent_bytes(), 0u);
        EXPECT_EQ(co_await sending, text.size());
        co_await server.close();
        EXPECT_EQ(co_await client.read_all(), text);
    });
}

// Those that cannot be sent

TEST(file_queue, a_directory_is_an_error_and_the_stream_goes_on_with_what_is_behind_it) {
    run([]() -> weft::task<> {
        const temporary_file file(1000);
        const weft::unique_fd directory = a_directory();
        for (const bool to_socket : {true, false}) {
            connected ends = co_await connect_either(to_socket);
            static_cast<void>(ends.server.write("before, "));
            auto failing = weft::create_task(error_of(ends.server.send_file(directory.get())));
            auto next = weft::create_task(ends.server.send_file(file.fd.get()));
            co_await weft::yield_now();
            static_cast<void>(ends.server.write(", behind"));
            EXPECT_EQ(co_await failing, EISDIR);
            EXPECT_EQ(co_await next, 1000u);
            EXPECT_EQ(co_await error_of(ends.server.send_file(directory.get())), EISDIR);
            co_await ends.server.close();
            EXPECT_EQ(co_await ends.client.read_all(), "before, " + file.text + ", behind");
        }
    });
}

TEST(file_queue, a_directory_is_an_error_and_the_transport_goes_on_receiving) {
    run([]() -> weft::task<> {
        const weft::unique_fd directory = a_directory();
        diary log;
        auto [client, server] = co_await connect_streams();
        auto t = co_await weft::connect_protocol(std::move(server), std::make_shared<recorder>(log));
        log.next();
        EXPECT_EQ(co_await error_of(t.send_file(directory.get())), EISDIR);
        EXPECT_TRUE(t.is_reading());
        t.write("still fine");
        EXPECT_EQ(co_await client.read_exactly(10), "still fine");
        co_await client.write("request");
        co_await settle();
        EXPECT_EQ(log.next(), "request");
        t.close();
        EXPECT_EQ(co_await client.read_all(), "");
    });
}

// Those that are given up

/// A stream over a layer of the test's that is sending a file, which is about to be read.
struct about_to_read {
    weft::task<> begin() {
        stream = weft::stream(std::make_unique<weft::stream_core>(
            weft::get_running_loop(), std::make_unique<told_layer>(told), weft::stream_limits()));
        sending = weft::create_task(error_of(stream.send_file(file.fd.get())));
        co_await weft::yield_now();
    }
    const temporary_file file{1000};
    told_layer::state told;
    weft::stream stream;
    std::optional<weft::task_handle<int>> sending;
};

TEST(file_queue, given_up_while_the_stream_closes_lets_it_close) {
    run([]() -> weft::task<> {
        about_to_read t;
        co_await t.begin();
        auto closed = weft::create_task(to_task(t.stream.close()));
        co_await weft::yield_now();
        t.told.sink->on_receive_error(ECONNRESET);
        EXPECT_TRUE(t.told.destroyed);
        EXPECT_TRUE(t.told.reset);  // the peer has not got all
        EXPECT_EQ(co_await *t.sending, ECONNRESET);
        EXPECT_THROW(co_await weft::wait_for(std::move(closed), 5s), std::system_error);
    });
}

TEST(file_queue, given_up_when_the_stream_was_destroyed_lets_the_connection_go) {
    run([]() -> weft::task<> {
        about_to_read t;
        co_await t.begin();
        t.stream = {};
        EXPECT_FALSE(t.told.destroyed);
        t.told.sink->on_receive_error(ECONNRESET);
        EXPECT_TRUE(t.told.destroyed);
        EXPECT_EQ(co_await *t.sending, ECONNRESET);
    });
}

TEST(file_queue, given_up_while_the_stream_closes_and_the_layer_is_sending_of_it_waits_for_that) {
    run([]() -> weft::task<> {
        about_to_read t;
        co_await t.begin();
        co_await settle();
        EXPECT_EQ(t.told.sending, t.file.text);
        auto closed = weft::create_task(to_task(t.stream.close()));
        co_await weft::yield_now();
        t.told.sink->on_receive_error(ECONNRESET);
        EXPECT_FALSE(t.told.destroyed);
        EXPECT_EQ(t.told.sending, t.file.text);
        t.told.complete_send();
        EXPECT_TRUE(t.told.destroyed);
        EXPECT_EQ(co_await *t.sending, ECONNRESET);
        EXPECT_THROW(co_await weft::wait_for(std::move(closed), 5s), std::system_error);
    });
}

TEST(file_queue, given_up_while_it_waits_for_room_lets_the_stream_close) {
    run([]() -> weft::task<> {
        const temporary_file file(8 << 20);
        auto [client, server] = co_await connect_streams();
        auto first = weft::create_task(error_of(server.send_file(file.fd.get())));
        auto second = weft::create_task(error_of(server.send_file(file.fd.get())));
        co_await settle();  // nobody reads
        auto closed = weft::create_task(to_task(server.close()));
        co_await weft::yield_now();
        weft::stream_handover::core(server).on_receive_error(ECONNRESET);
        EXPECT_EQ(co_await first, ECONNRESET);
        EXPECT_EQ(co_await second, ECONNRESET);
        EXPECT_THROW(co_await weft::wait_for(std::move(closed), 5s), std::system_error);
    });
}

TEST(errno_of_failure, says_what_was_thrown) {
    const auto of = [](auto thrown) {
        try {
            throw thrown;
        } catch (...) {
            return weft::errno_of_failure();
        }
    };
    EXPECT_EQ(of(std::system_error(EMFILE, std::generic_category())), EMFILE);
    EXPECT_EQ(of(std::bad_alloc()), ENOMEM);
    EXPECT_EQ(of(weft::cancelled_error()), ECANCELED);
    EXPECT_EQ(of(weft::invalid_state_error("no executor")), ECANCELED);
}

}  // namespace
