// SPDX-License-Identifier: Apache-2.0
#include <weft/io/file.hpp>

#include "io/operations.hpp"
#include "io/temporary_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;
using weft::open_mode;

namespace {

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}
void make(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

/// The message of the system_error with `code` that awaiting `t` throws.
template <class T>
weft::task<std::string> error_of(weft::task<T> t, std::errc code) {
    try {
        co_await std::move(t);
        ADD_FAILURE() << "no error";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), code) << e.what();
        co_return e.what();
    }
    co_return "";
}

TEST(file, is_written_and_read_at_its_position) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a", open_mode::read | open_mode::write | open_mode::create);
        co_await f.write("hello ");
        co_await f.write(std::string("wor") + "ld");
        EXPECT_EQ(f.tell(), 11u);
        f.seek(4);
        EXPECT_EQ(co_await f.read(3), "o w");
        EXPECT_EQ(f.tell(), 7u);
        std::array<std::byte, 16> rest;
        EXPECT_EQ(co_await f.read(rest), 4u);
        EXPECT_EQ(static_cast<char>(rest[3]), 'd');
        EXPECT_EQ(co_await f.read(rest), 0u);
        EXPECT_EQ(co_await f.read(16), "");
        EXPECT_EQ(co_await f.size(), 11u);
        co_await f.close();
        EXPECT_FALSE(f);
        EXPECT_EQ(contents(folder / "a"), "hello world");
    });
}

TEST(file, is_read_whole_from_where_its_position_is) {
    const temporary_folder folder;
    make(folder / "a", "one\ntwo\n");
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a");
        EXPECT_EQ(co_await f.read(4), "one\n");
        EXPECT_EQ(co_await f.read_all(), "two\n");
        EXPECT_EQ(co_await f.read_all(), "");
        EXPECT_EQ(f.tell(), 8u);
    });
}

TEST(file, operations_that_name_an_offset_leave_the_position_alone_and_go_beside_each_other) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a", open_mode::read | open_mode::write | open_mode::create);
        co_await weft::gather(f.write_at(0, "aaaa"), f.write_at(4, "bbbb"), f.write_at(8, "cccc"));
        const auto [x, y, z] = co_await weft::gather(f.read_at(6, 4), f.read_at(0, 2), f.read_at(10, 100));
        EXPECT_EQ(x, "bbcc");
        EXPECT_EQ(y, "aa");
        EXPECT_EQ(z, "cc");
        EXPECT_EQ(f.tell(), 0u);
    });
}

TEST(file, holes_and_offsets_beyond_2_gib_work) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a", open_mode::read | open_mode::write | open_mode::create);
        const std::uint64_t far = (std::uint64_t{5} << 30) + 1;
        co_await f.write_at(far, "here");
        EXPECT_EQ(co_await f.size(), far + 4);
        EXPECT_EQ(co_await f.read_at(far - 2, 100), std::string("\0\0here", 6));
        f.seek(far + 2);
        EXPECT_EQ(co_await f.read_all(), "re");
        f.seek(far + 10);
        EXPECT_EQ(co_await f.read_all(), "");
        co_await f.write("there");
        EXPECT_EQ(f.tell(), far + 15);
    });
}

TEST(file, appended_to_is_written_at_its_end_wherever_that_is) {
    const temporary_folder folder;
    make(folder / "a", "one ");
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a", open_mode::read | open_mode::append);
        co_await f.write("two ");
        make(folder / "b", "");
        std::ofstream(folder / "a", std::ios::app) << "three ";
        co_await f.write("four");
        EXPECT_EQ(f.tell(), 18u);
        f.seek(0);
        EXPECT_EQ(co_await f.read_all(), "one two three four");
        EXPECT_THROW(co_await f.write_at(0, "x"), weft::invalid_state_error);
    });
}

TEST(file, modes_are_those_of_open) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        EXPECT_THAT(co_await error_of(weft::file::open(folder / "a"), std::errc::no_such_file_or_directory),
                    HasSubstr("open " + (folder / "a") + ": No such file"));
        EXPECT_FALSE(std::filesystem::exists(folder / "a"));
        co_await weft::write_file(folder / "a", "text");
        co_await error_of(weft::file::open(folder / "a", open_mode::write | open_mode::exclusive),
                          std::errc::file_exists);
        auto kept = co_await weft::file::open(folder / "a", open_mode::write | open_mode::create);
        EXPECT_EQ(contents(folder / "a"), "text");
        auto emptied =
            co_await weft::file::open(folder / "a", open_mode::write | open_mode::create | open_mode::truncate);
        EXPECT_EQ(contents(folder / "a"), "");
        co_await error_of(emptied.read(1), std::errc::bad_file_descriptor);
        auto made = co_await weft::file::open(folder / "b", open_mode::write | open_mode::exclusive, 0600);
        struct stat s{};
        EXPECT_EQ(::fstat(made.descriptor(), &s), 0);
        EXPECT_EQ(s.st_mode & 0777u, 0600u);
        EXPECT_TRUE(::fcntl(made.descriptor(), F_GETFD) & FD_CLOEXEC);
        EXPECT_EQ(made.path(), folder / "b");
    });
}

TEST(file, modes_that_make_no_sense_and_names_that_are_none_are_refused) {
    run([]() -> weft::task<> {
        EXPECT_THROW(co_await weft::file::open("/tmp/x", open_mode::create), std::invalid_argument);
        EXPECT_THROW(co_await weft::file::open("/tmp/x", open_mode::read | open_mode::truncate), std::invalid_argument);
        EXPECT_THROW(co_await weft::file::open(std::string("/tmp/\0x", 7)), std::invalid_argument);
        co_await error_of(weft::file::open(""), std::errc::no_such_file_or_directory);
        co_await error_of(weft::file::open(std::string(5000, 'x')), std::errc::filename_too_long);
    });
}

TEST(file, no_permission_is_an_error_that_names_it) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may do anything";
    const temporary_folder folder;
    make(folder / "a", "secret");
    std::filesystem::permissions(folder / "a", std::filesystem::perms::none);
    run([&]() -> weft::task<> {
        EXPECT_THAT(co_await error_of(weft::file::open(folder / "a"), std::errc::permission_denied),
                    HasSubstr("open " + (folder / "a")));
    });
}

TEST(file, a_directory_is_opened_and_not_read) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder.path());
        EXPECT_THAT(co_await error_of(f.read(10), std::errc::is_a_directory),
                    HasSubstr("read from " + folder.path() + ": "));
        co_await error_of(weft::file::open(folder.path(), open_mode::write), std::errc::is_a_directory);
    });
}

TEST(file, a_full_device_is_an_error_that_names_it) {
    run([]() -> weft::task<> {
        auto f = co_await weft::file::open("/dev/full", open_mode::write);
        EXPECT_THAT(co_await error_of(f.write("x"), std::errc::no_space_on_device), HasSubstr("write to /dev/full"));
    });
}

TEST(file, more_than_a_job_moves_at_once_is_written_and_read_whole) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        std::string big(5 * 1024 * 1024 + 3, '\0');
        for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i % 251);
        auto f = co_await weft::file::open(folder / "a", open_mode::read | open_mode::write | open_mode::create);
        co_await f.write(big);
        EXPECT_EQ(f.tell(), big.size());
        f.seek(0);
        EXPECT_TRUE(co_await f.read_all() == big);
        EXPECT_TRUE(co_await f.read_at(0, std::string::npos) == big);  // all there is
        std::vector<std::byte> bytes(big.size() + 10);
        EXPECT_EQ(co_await f.read_at(1, bytes), big.size() - 1);
        EXPECT_EQ(std::memcmp(bytes.data(), big.data() + 1, big.size() - 1), 0);
        EXPECT_TRUE(co_await weft::read_file(folder / "a") == big);
    });
}

TEST(file, nothing_to_move_is_no_operation) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a", open_mode::read | open_mode::write | open_mode::create);
        co_await f.write("");
        EXPECT_EQ(co_await f.read(0), "");
        EXPECT_EQ(co_await f.read(std::span<std::byte>()), 0u);
        EXPECT_EQ(co_await f.size(), 0u);
    });
}

TEST(file, that_has_no_size_is_read_to_its_end) {
    run([]() -> weft::task<> {
        const auto text = co_await weft::read_file("/proc/self/status");
        EXPECT_THAT(text, HasSubstr("VmRSS"));
        EXPECT_EQ(text.back(), '\n');
    });
}

TEST(file, is_synced_and_truncated) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a", open_mode::read | open_mode::write | open_mode::create);
        co_await f.write("0123456789");
        co_await f.sync();
        co_await f.datasync();
        co_await f.truncate(4);
        EXPECT_EQ(co_await f.size(), 4u);
        EXPECT_EQ(f.tell(), 10u);
        co_await f.truncate(6);
        EXPECT_EQ(co_await f.read_at(0, 100), std::string("0123\0\0", 6));
        auto reader = co_await weft::file::open(folder / "a");
        EXPECT_THAT(co_await error_of(reader.truncate(0), std::errc::invalid_argument), HasSubstr("truncate "));
        auto pipe_like = co_await weft::file::open("/dev/null", open_mode::write);
        co_await error_of(pipe_like.sync(), std::errc::invalid_argument);
    });
}

TEST(file, that_has_no_positions_gives_what_is_there) {
    const temporary_folder folder;
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    run([&]() -> weft::task<> {
        auto both = co_await weft::file::open(folder / "pipe", open_mode::read | open_mode::write);
        co_await both.write("hello");
        EXPECT_EQ(co_await both.read(100), "hello");
        EXPECT_THROW(both.tell(), std::system_error);
        EXPECT_THROW(both.seek(0), std::system_error);
        EXPECT_THROW(co_await both.read_at(0, 1), std::system_error);
        EXPECT_THROW(co_await both.write_at(0, "x"), std::system_error);
    });
}

TEST(file, a_second_operation_at_the_position_is_refused_and_disturbs_nothing) {
    const temporary_folder folder;
    make(folder / "a", "0123456789");
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a");
        auto first = weft::create_task(f.read(5));
        co_await weft::yield_now();
        EXPECT_THROW(co_await f.read(5), weft::invalid_state_error);
        EXPECT_THROW(f.seek(0), weft::invalid_state_error);
        EXPECT_THROW(co_await f.close(), weft::invalid_state_error);
        EXPECT_EQ(co_await f.read_at(8, 2), "89");
        EXPECT_EQ(co_await first, "01234");
        EXPECT_EQ(co_await f.read(5), "56789");
    });
}

TEST(file, closed_takes_no_more) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        const auto before = open_descriptors();
        auto f = co_await weft::file::open(folder / "a", open_mode::write | open_mode::create);
        co_await f.close();
        EXPECT_EQ(open_descriptors(), before);
        co_await f.close();
        EXPECT_THROW(co_await f.write("x"), weft::invalid_state_error);
        EXPECT_THROW(f.descriptor(), weft::invalid_state_error);
        EXPECT_THROW(weft::file().tell(), weft::invalid_state_error);
        {
            auto g = co_await weft::file::open(folder / "a");
            auto h = std::move(g);
            EXPECT_FALSE(g);
        }
        static_cast<void>((co_await weft::file::open(folder / "a", open_mode::write)).close());  // never awaited
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(file, close_that_is_destroyed_closes_all_the_same) {
    const temporary_folder folder;
    const auto before = open_descriptors();
    for (const int turns : {1, 2}) {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        auto f = loop.run_until_complete(weft::file::open(folder / "a", open_mode::write | open_mode::create));
        const auto closing = weft::create_task_on(loop, f.close(), std::source_location());
        for (int i = 0; i < turns; ++i) loop.run_once();
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(file, close_that_is_cancelled_closes_all_the_same) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        co_await weft::to_thread([] {});  // the pool keeps no descriptor, but let it be there
        const auto before = open_descriptors();
        for (const int turns : {0, 1, 2}) {
            auto f = co_await weft::file::open(folder / "a", open_mode::write | open_mode::create);
            auto closing = weft::create_task(f.close());
            for (int i = 0; i < turns; ++i) co_await weft::yield_now();
            closing.cancel();
            EXPECT_THROW(co_await closing, weft::cancelled_error);
        }
        co_await weft::get_running_loop().shutdown_default_executor();
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(file, an_operation_outlives_its_file) {
    const temporary_folder folder;
    make(folder / "a", "text");
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a");
        auto reading = weft::create_task(f.read(4));
        co_await weft::yield_now();
        f = weft::file();
        EXPECT_EQ(co_await reading, "text");
    });
}

TEST(file, stepped_by_hand_says_that_there_is_no_loop) {
    auto t = weft::file::open("/dev/null");
    EXPECT_THROW(t.step(), weft::no_running_loop_error);
}

TEST(file, needs_what_is_given_only_while_it_is_awaited) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open((folder / "a") + "b", open_mode::write | open_mode::create);
        for (int i = 0; i < 3; ++i) co_await f.write(std::string(100, 'a') + std::to_string(i) + "\n");
        EXPECT_EQ(contents(folder / "ab").size(), 306u);
    });
}

}  // namespace
