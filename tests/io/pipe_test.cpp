// SPDX-License-Identifier: Apache-2.0
#include "io/connected.hpp"
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"
#include "io/terminal.hpp"

#include <weft/io/pipe.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

using namespace weft_test;

namespace {

void put(const weft::unique_fd& fd, std::string_view text) {
    ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}
template <class F>
std::string message_of(F f) {
    try {
        f();
    } catch (const std::exception& e) {
        return e.what();
    }
    return "nothing was thrown";
}

TEST(pipe, brings_what_is_written_in_order_until_the_end) {
    run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe();
        co_await writer.write("one\ntwo\nrest");
        EXPECT_EQ(co_await reader.read_line(), "one");
        EXPECT_EQ(co_await reader.read_line(), "two");
        co_await writer.write_eof();
        EXPECT_EQ(co_await reader.read_all(), "rest");
        EXPECT_TRUE(reader.at_eof());
    });
}

TEST(pipe, carries_more_than_it_holds) {
    run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe();
        const std::string big(8 << 20, 'x');
        static_cast<void>(writer.write(big));
        EXPECT_GT(writer.write_buffer_size(), 0u);
        writer.close();
        EXPECT_TRUE(co_await reader.read_all() == big);
    });
}

TEST(pipe, a_writer_waits_above_the_high_watermark_until_somebody_reads) {
    run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe({.limit = 1024});
        const auto write = [](weft::stream& s) -> weft::task<> { co_await s.write(std::string(4 << 20, 'x')); };
        auto writing = weft::create_task(write(writer));
        for (int i = 0; i < 10; ++i) co_await weft::yield_now();
        EXPECT_FALSE(writing.done());
        EXPECT_EQ((co_await reader.read_exactly(4 << 20)).size(), 4u << 20);
        co_await writing;
    });
}

TEST(pipe, a_writer_that_is_destroyed_sends_what_it_was_given_and_then_the_end) {
    run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe();
        static_cast<void>(writer.write(std::string(1 << 20, 'x')));
        writer = weft::stream();
        EXPECT_EQ((co_await reader.read_all()).size(), 1u << 20);
    });
}

TEST(pipe, a_reader_that_has_gone_is_broken_pipe_and_no_signal) {
    run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe();
        reader = weft::stream();
        try {
            for (int i = 0; i < 10'000; ++i) {  // an io_uring lets go of the descriptor in its next turn
                co_await writer.write("x");
                co_await weft::yield_now();
            }
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::broken_pipe);
            EXPECT_STREQ(e.what(), "write to a pipe: Broken pipe");
        }
    });
}

TEST(pipe, in_an_error_is_named_by_what_it_is) {
    run([]() -> weft::task<> {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("socketpair");
        const weft::unique_fd other(ends[1]);
        auto socket = weft::connect_write_pipe(weft::unique_fd(ends[0]));
        auto device = weft::connect_write_pipe(weft::unique_fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
        auto nameless = make_stream(weft::unique_fd(::dup(other.get())));
        for (auto [s, name] : {std::pair(&socket, "a socket"), std::pair(&device, "a character device"),
                               std::pair(&nameless, "a socket without a name")}) {
            co_await s->write_eof();
            try {
                co_await s->write("x");
                ADD_FAILURE();
            } catch (const std::exception& e) {
                EXPECT_EQ(std::string(e.what()), "write to " + std::string(name) + ": write_eof() was called before");
            }
        }
    });
}

TEST(pipe, a_reader_that_goes_while_a_write_is_under_way_is_broken_pipe) {
    run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe({.limit = 1024});
        const auto write = [](weft::stream& s) -> weft::task<> { co_await s.write(std::string(4 << 20, 'x')); };
        auto writing = weft::create_task(write(writer));
        for (int i = 0; i < 10; ++i) co_await weft::yield_now();
        reader = weft::stream();
        EXPECT_THROW(co_await writing, std::system_error);
    });
}

TEST(pipe, the_direction_that_an_end_has_not_got_is_at_its_end_or_an_error) {
    run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe();
        EXPECT_EQ(co_await writer.read_all(), "");
        EXPECT_EQ(co_await writer.read_line(), std::nullopt);
        EXPECT_THROW(co_await reader.write("x"), std::system_error);
        EXPECT_EQ(reader.peer(), weft::address());
        EXPECT_EQ(writer.local(), weft::address());
    });
}

TEST(pipe, a_read_that_is_cancelled_loses_no_byte) {
    run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe();
        const auto read = [](weft::stream& s) -> weft::task<std::string> { co_return co_await s.read_exactly(6); };
        auto reading = weft::create_task(read(reader));
        co_await writer.write("abc");
        for (int i = 0; i < 5; ++i) co_await weft::yield_now();
        reading.cancel();
        EXPECT_THROW(co_await reading, weft::cancelled_error);
        co_await writer.write("def");
        EXPECT_EQ(co_await reader.read_exactly(6), "abcdef");
    });
}

TEST(pipe, may_be_destroyed_while_a_task_waits_at_either_end) {
    const auto before = open_descriptors();
    weft::testing::run([]() -> weft::task<> {
        auto [reader, writer] = weft::open_pipe({.limit = 1024});
        const auto read = [](weft::stream& s) -> weft::task<> { co_await s.read(1); };
        const auto write = [](weft::stream& s) -> weft::task<> { co_await s.write(std::string(4 << 20, 'x')); };
        auto other = weft::open_pipe();
        auto reading = weft::create_task(read(other.reader));
        auto writing = weft::create_task(write(writer));
        for (int i = 0; i < 5; ++i) co_await weft::yield_now();
        writer.abort();
        EXPECT_THROW(co_await writing, std::system_error);
        other.reader = weft::stream();
        EXPECT_THROW(co_await reading, std::system_error);
    }());
    EXPECT_EQ(open_descriptors(), before);
}

TEST(pipe, with_a_task_that_waits_is_closed_with_its_loop) {
    const auto before = open_descriptors();
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto wait = []() -> weft::task<> {
            auto [reader, writer] = weft::open_pipe();
            co_await reader.read(1);
        };
        auto waiting = weft::create_task_on(loop, wait(), std::source_location());
        for (int i = 0; i < 3; ++i) loop.run_once();
        EXPECT_FALSE(waiting.done());
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(pipe, takes_no_descriptor_when_there_are_none_left) {
    run([]() -> weft::task<> {
        const auto open = open_descriptors();
        for (std::size_t left = 0; left < 2; ++left) {
            std::error_code code;
            try {
                const few_descriptors few(left);
                static_cast<void>(weft::open_pipe());
            } catch (const std::system_error& e) {
                code = e.code();
            }
            EXPECT_EQ(code, std::errc::too_many_files_open);
        }
        EXPECT_EQ(open_descriptors(), open);
        co_return;
    });
}

TEST(connect_read_pipe, reads_what_another_writes_into_a_plain_descriptor) {
    run([]() -> weft::task<> {
        auto [read, write] = weft::make_pipe();
        weft::stream s = weft::connect_read_pipe(std::move(read));
        put(write, "1");
        EXPECT_EQ(co_await s.read(10), "1");
        put(write, "2345");
        EXPECT_EQ(co_await s.read(10), "2345");
        write.reset();
        EXPECT_EQ(co_await s.read(10), "");
    });
}

TEST(connect_read_pipe, pauses_at_twice_the_limit_and_goes_on) {
    run([]() -> weft::task<> {
        auto [read, write] = weft::make_pipe();
        weft::stream s = weft::connect_read_pipe(std::move(read), {.limit = 10});
        put(write, std::string(50'000, 'x'));
        write.reset();
        std::size_t total = 0;
        while (const auto count = (co_await s.read(7)).size()) total += count;
        EXPECT_EQ(total, 50'000u);
    });
}

TEST(connect_read_pipe, takes_over_a_descriptor_from_its_reader_and_is_not_watched_any_more) {
    run([]() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        auto [read_end, write_end] = weft::make_pipe();
        const int fd = read_end.get();
        weft::stream reader;
        weft::future<> made;
        loop.add_reader(fd, [&] {
            loop.remove_reader(fd);
            reader = weft::connect_read_pipe(std::move(read_end));  // within the event
            made.set_result();
        });
        put(write_end, "one\n");
        co_await made;
        EXPECT_EQ(co_await reader.read_line(), "one");
        EXPECT_THROW(loop.add_reader(fd, [] {}), weft::invalid_state_error);
        put(write_end, "two\n");
        EXPECT_EQ(co_await reader.read_line(), "two");
        co_await reader.close();
        const weft::unique_fd next(::fcntl(write_end.get(), F_DUPFD_CLOEXEC, fd));
        EXPECT_EQ(next.get(), fd);
        loop.add_writer(next.get(), [] {});  // the number is another's
        EXPECT_TRUE(loop.remove_writer(next.get()));
    });
}

TEST(pipe, refuses_a_limit_of_0) {
    run([]() -> weft::task<> {
        EXPECT_THROW(weft::open_pipe({.limit = 0}), std::invalid_argument);
        auto [read_end, write_end] = weft::make_pipe();
        EXPECT_THROW(weft::connect_read_pipe(std::move(read_end), {.limit = 0}), std::invalid_argument);
        EXPECT_THROW(weft::connect_write_pipe(std::move(write_end), {.limit = 0}), std::invalid_argument);
        co_return;
    });
}

TEST(connect_write_pipe, writes_what_another_reads_and_closes_with_write_eof) {
    run([]() -> weft::task<> {
        auto [read, write] = weft::make_pipe();
        weft::stream s = weft::connect_write_pipe(std::move(write));
        co_await s.write("hello");
        co_await s.write_eof();
        char text[16];
        EXPECT_EQ(::read(read.get(), text, sizeof text), 5);
        EXPECT_EQ(::read(read.get(), text, sizeof text), 0);
    });
}

TEST(connect_write_pipe, takes_a_socket_and_the_null_device) {
    run([]() -> weft::task<> {
        auto [client, server] = connect_sockets();
        weft::stream s = weft::connect_write_pipe(std::move(client));
        weft::stream r = weft::connect_read_pipe(std::move(server));
        const std::string big(4 << 20, 'x');
        static_cast<void>(s.write(big));
        s.close();
        EXPECT_TRUE(co_await r.read_all() == big);
        weft::stream null = weft::connect_write_pipe(weft::unique_fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
        co_await null.write(big);
        co_await null.close();
    });
}

TEST(connect_read_pipe, takes_a_terminal_which_may_be_written_to_at_the_same_time) {
    terminal t;
    if (!t.slave) GTEST_SKIP() << "no pseudo-terminal here";
    weft::testing::run([](terminal& of) -> weft::task<> {
        weft::stream in = weft::connect_read_pipe(weft::unique_fd(::fcntl(of.slave.get(), F_DUPFD_CLOEXEC, 0)));
        weft::stream out = weft::connect_write_pipe(weft::unique_fd(::fcntl(of.slave.get(), F_DUPFD_CLOEXEC, 0)));
        put(of.master, "typed\n");
        EXPECT_EQ(co_await in.read_line(), "typed");
        co_await out.write("shown");
        char text[16];
        EXPECT_EQ(::read(of.master.get(), text, sizeof text), 5);
        put(of.master, "again");
        EXPECT_EQ(co_await in.read(10), "again");
        const auto read = [](weft::stream& s) -> weft::task<std::string> { co_return co_await s.read(10); };
        auto reading = weft::create_task(read(in));
        for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        of.master.reset();  // hung up
        try {
            EXPECT_EQ(co_await reading, "");
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::io_error);
        }
    }(t));
}

TEST(connect_read_pipe, takes_a_fifo_that_is_open_for_both_and_written_to_as_well) {
    run([]() -> weft::task<> {
        const temporary_folder folder;
        const std::string path = folder / "fifo";
        EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
        weft::unique_fd both(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        auto writer = weft::connect_write_pipe(weft::unique_fd(::dup(both.get())));
        auto reader = weft::connect_read_pipe(std::move(both));
        const std::string big(1 << 20, 'x');  // more than it holds: it must be read meanwhile
        auto writing = weft::create_task([](weft::stream& w, const std::string& b) -> weft::task<> {
            co_await w.write(b);
            co_await w.write("\n");
        }(writer, big));
        EXPECT_TRUE(co_await reader.read_exactly(big.size()) == big);
        EXPECT_EQ(co_await reader.read_line(), "");
        co_await writing;
    });
}

TEST(connect_read_pipe, gives_all_of_a_pipe_that_keeps_its_writes_apart) {
    run([]() -> weft::task<> {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_DIRECT), 0);
        const weft::unique_fd write_end(ends[1]);
        auto reader = weft::connect_read_pipe(weft::unique_fd(ends[0]));
        put(write_end, "one\n");
        put(write_end, "two\n");
        EXPECT_EQ(co_await reader.read_line(), "one");
        EXPECT_EQ(co_await reader.read_line(), "two");
    });
}

TEST(connect_read_pipe, refuses_files_wrong_ends_and_what_is_no_descriptor) {
    run([]() -> weft::task<> {
        const auto open = [](const char* path, int flags) { return weft::unique_fd(::open(path, flags | O_CLOEXEC)); };
        const auto read = [](weft::unique_fd fd) {
            return message_of([&] { static_cast<void>(weft::connect_read_pipe(std::move(fd))); });
        };
        const auto write = [](weft::unique_fd fd) {
            return message_of([&] { static_cast<void>(weft::connect_write_pipe(std::move(fd))); });
        };
        const auto before = open_descriptors();
        EXPECT_THAT(read(open("/proc/self/exe", O_RDONLY)), testing::HasSubstr("is a file or directory"));
        EXPECT_THAT(read(open("/", O_RDONLY)), testing::HasSubstr("is a file or directory"));
        auto [r, w] = weft::make_pipe();
        EXPECT_THAT(read(std::move(w)), testing::HasSubstr("is not open for reading"));
        EXPECT_THAT(write(std::move(r)), testing::HasSubstr("is not open for writing"));
        EXPECT_THAT(read(weft::unique_fd()), testing::HasSubstr("descriptor -1: Bad file descriptor"));
        EXPECT_EQ(open_descriptors(), before);
        co_return;
    });
    EXPECT_THROW(static_cast<void>(weft::connect_read_pipe(weft::unique_fd())), weft::no_running_loop_error);
}

}  // namespace
