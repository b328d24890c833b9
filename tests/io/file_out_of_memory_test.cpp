// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of what files can do: an error or none, nothing is left, and it works again.
#include "io/temporary_folder.hpp"
#include "without_memory.hpp"

#include <weft/io/directory.hpp>
#include <weft/io/file.hpp>
#include <weft/io/watch.hpp>

#include <fstream>
#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

TEST(a_file, without_memory_is_read_and_written_or_says_so) {
    const temporary_folder folder;
    const std::string path = folder / "a file whose name is not short";
    const std::size_t allocations_made = fail_each_allocation([&]() -> weft::task<> {
        using enum weft::open_mode;
        weft::file f = co_await weft::file::open(path, read | write | create | truncate);
        const std::string text(100'000, 'x');
        co_await f.write(text);
        co_await f.write_at(text.size(), "end");
        co_await f.sync();
        EXPECT_EQ(co_await f.size(), text.size() + 3);
        f.seek(0);
        const std::string all = co_await f.read_all();
        EXPECT_TRUE(all == text + "end");
        EXPECT_EQ(co_await f.read_at(text.size(), 10), "end");
        co_await f.truncate(10);
        co_await f.close();
    });
    EXPECT_GT(allocations_made, 10u);
}

TEST(read_file, without_memory_reads_what_write_file_has_written_or_says_so) {
    const temporary_folder folder;
    const std::string path = folder / "a file whose name is not short";
    const std::size_t allocations_made = fail_each_allocation([&]() -> weft::task<> {
        co_await weft::write_file(path, "text");
        EXPECT_EQ(co_await weft::read_file(path), "text");
    });
    EXPECT_GT(allocations_made, 5u);
}

TEST(list_directory, without_memory_lists_it_or_says_so) {
    const temporary_folder folder;
    for (const char* name : {"one whose name is not short", "another whose name is not short"}) {
        std::ofstream(folder / name) << "x";
    }
    const std::size_t allocations_made = fail_each_allocation([&]() -> weft::task<> {
        const auto entries = co_await weft::list_directory(folder.path());
        EXPECT_EQ(entries.size(), 2u);
    });
    EXPECT_GT(allocations_made, 5u);
}

TEST(watch, without_memory_tells_what_happens_or_says_so) {
    const temporary_folder folder;
    const std::string path = folder / "a file whose name is not short",
                      other = folder / "its name afterwards, no shorter";
    const std::size_t allocations_made = fail_each_allocation([&]() -> weft::task<> {
        auto events = weft::watch(folder.path());
        weft::unique_fd made(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        ::rename(path.c_str(), other.c_str());
        made.reset();
        const auto created = co_await events.next();
        EXPECT_TRUE(created && created->kind == weft::file_event::kind_of::created);
        const auto moved = co_await events.next();
        EXPECT_TRUE(moved && moved->kind == weft::file_event::kind_of::moved &&
                    moved->to == "its name afterwards, no shorter");
        co_await events.close();
    });
    EXPECT_GT(allocations_made, 5u);
}

#endif

}  // namespace
