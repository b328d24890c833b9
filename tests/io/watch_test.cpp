// SPDX-License-Identifier: Apache-2.0
#include <weft/io/watch.hpp>

#include "io/operations.hpp"
#include "io/temporary_folder.hpp"

#include <fstream>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

void make(const std::string& path, std::string_view text = "x") { std::ofstream(path) << text; }

std::string text_of(const weft::file_event& e) {
    std::string text = to_string(e.kind);
    if (!e.name.empty()) text += " " + e.name;
    if (!e.to.empty()) text += " to " + e.to;
    if (e.is_directory) text += "/";
    return text;
}

using events = weft::async_generator<weft::file_event>;

/// The next `count` events.
weft::task<std::vector<std::string>> take(events& from, std::size_t count) {
    std::vector<std::string> all;
    while (all.size() < count) {
        const auto e = co_await from.next();
        if (!e) break;
        all.push_back(text_of(*e));
    }
    co_return all;
}

TEST(watch, a_directory_tells_what_happens_in_it_since_the_call) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto e = weft::watch(folder.path());
        make(folder / "a");
        std::filesystem::permissions(folder / "a", std::filesystem::perms::owner_read);
        std::filesystem::create_directory(folder / "d");
        std::filesystem::remove(folder / "a");
        std::filesystem::remove(folder / "d");
        EXPECT_THAT(co_await take(e, 7), ElementsAre("created a", "modified a", "closed a", "attributes a",
                                                     "created d/", "removed a", "removed d/"));
    });
}

TEST(watch, an_event_that_comes_later_wakes_who_waits) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto e = weft::watch(folder.path(), {.attributes = false});
        auto waiting = weft::create_task(take(e, 2));
        for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        EXPECT_FALSE(waiting.done());
        std::filesystem::create_directory(folder / "d");
        std::filesystem::permissions(folder / "d", std::filesystem::perms::owner_all);
        std::filesystem::remove(folder / "d");
        EXPECT_THAT(co_await waiting, ElementsAre("created d/", "removed d/"));
    });
}

TEST(watch, a_move_within_the_directory_is_one_event) {
    const temporary_folder folder, elsewhere;
    make(folder / "a");
    make(elsewhere / "in");
    run([&]() -> weft::task<> {
        auto e = weft::watch(folder.path());
        std::filesystem::rename(folder / "a", folder / "b");
        std::filesystem::rename(elsewhere / "in", folder / "c");
        std::filesystem::rename(folder / "b", elsewhere / "out");
        EXPECT_THAT(co_await take(e, 3), ElementsAre("moved a to b", "moved here c", "moved away b"));
        std::filesystem::rename(folder / "c", elsewhere / "out");
        make(folder / "d", "");
        EXPECT_THAT(co_await take(e, 2), ElementsAre("moved away c", "created d"));
    });
}

TEST(watch, an_editors_save_by_renaming_is_seen_in_the_directory) {
    const temporary_folder folder;
    make(folder / "notes.txt", "old");
    run([&]() -> weft::task<> {
        auto e = weft::watch(folder.path(), {.attributes = false});
        make(folder / ".notes.swp", "new");
        std::filesystem::rename(folder / ".notes.swp", folder / "notes.txt");
        EXPECT_THAT(co_await take(e, 4), ElementsAre("created .notes.swp", "modified .notes.swp", "closed .notes.swp",
                                                     "moved .notes.swp to notes.txt"));
    });
}

TEST(watch, a_file_that_is_replaced_was_removed_and_nothing_follows) {
    const temporary_folder folder;
    make(folder / "a");
    make(folder / "b");
    run([&]() -> weft::task<> {
        auto e = weft::watch(folder / "a", {.attributes = false});
        make(folder / "a", "y");
        std::filesystem::rename(folder / "b", folder / "a");
        EXPECT_THAT(co_await take(e, 100), ElementsAre("modified", "closed", "removed"));
        EXPECT_FALSE(co_await e.next());
    });
}

TEST(watch, a_file_that_is_renamed_is_watched_on) {
    const temporary_folder folder;
    make(folder / "log");
    run([&]() -> weft::task<> {
        auto e = weft::watch(folder / "log", {.attributes = false});
        std::filesystem::rename(folder / "log", folder / "log.1");
        std::ofstream(folder / "log.1", std::ios::app) << "late";
        EXPECT_THAT(co_await take(e, 3), ElementsAre("moved away", "modified", "closed"));
    });
}

TEST(watch, the_directorys_own_end_is_the_last_event) {
    const temporary_folder folder;
    std::filesystem::create_directory(folder / "d");
    run([&]() -> weft::task<> {
        auto e = weft::watch(folder / "d");
        std::filesystem::remove(folder / "d");
        const auto all = co_await take(e, 100);
        EXPECT_EQ(all.back(), "removed");
    });
}

TEST(watch, a_symbolic_link_is_followed_unless_told_otherwise) {
    const temporary_folder folder;
    make(folder / "a");
    std::filesystem::create_symlink(folder / "a", folder / "link");
    run([&]() -> weft::task<> {
        auto through = weft::watch(folder / "link", {.attributes = false});
        auto itself = weft::watch(folder / "link", {.attributes = false, .follow_link = false});
        make(folder / "a");
        EXPECT_THAT(co_await take(through, 2), ElementsAre("modified", "closed"));
        std::filesystem::remove(folder / "link");
        EXPECT_THAT(co_await take(itself, 100), ElementsAre("removed"));
    });
}

TEST(watch, more_than_the_kernel_keeps_is_reported_as_an_overflow) {
    const temporary_folder folder;
    std::size_t kept = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> kept;
    if (kept == 0 || kept > 100'000) GTEST_SKIP() << "the kernel keeps " << kept << " events";
    run([&]() -> weft::task<> {
        auto e = weft::watch(folder.path());
        std::ofstream a(folder / "a"), b(folder / "b");
        for (std::size_t i = 0; i < kept; ++i) (i % 2 ? a : b) << i << std::flush;  // not one after the other the same
        std::size_t told = 0;
        while (auto event = co_await e.next()) {
            if (event->kind == weft::file_event::kind_of::overflow) break;
            ++told;
        }
        EXPECT_EQ(told, kept);
        make(folder / "c", "");
        EXPECT_THAT(co_await take(e, 1), ElementsAre("created c"));  // it goes on
    });
}

TEST(watch, of_what_is_not_there_is_an_error_that_names_it) {
    run([]() -> weft::task<> {
        try {
            auto e = weft::watch("/nonexistent/x");
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
            EXPECT_THAT(e.what(), HasSubstr("watch /nonexistent/x"));
        }
        co_return;
    });
}

TEST(watch, of_a_path_with_a_nul_in_it_is_refused) {
    run([]() -> weft::task<> {
        EXPECT_THROW(static_cast<void>(weft::watch(std::string("/tmp\0/x", 7))), std::invalid_argument);
        co_return;
    });
}

TEST(watch, cancelled_while_it_waits_has_finished) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        const auto before = open_descriptors();
        auto e = weft::watch(folder.path());
        auto waiting = weft::create_task(take(e, 1));
        for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        waiting.cancel();
        EXPECT_THROW(co_await waiting, weft::cancelled_error);
        EXPECT_FALSE(co_await e.next());
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(watch, closed_or_destroyed_gives_its_descriptor_back) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        const auto before = open_descriptors();
        {
            auto never_asked = weft::watch(folder.path());
            auto asked = weft::watch(folder.path());
            make(folder / "a");
            co_await take(asked, 1);
            auto closed = weft::watch(folder.path());
            auto waiting = weft::create_task(take(closed, 1));
            for (int i = 0; i < 3; ++i) co_await weft::yield_now();
            co_await closed.close();
            EXPECT_THAT(co_await waiting, ElementsAre());
        }
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(watch, destroyed_while_it_waits_gives_its_descriptor_back) {
    const temporary_folder folder;
    const auto before = open_descriptors();
    for (const bool outlives : {false, true}) {
        events kept;
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [&]() -> weft::task<> {
            const auto wait = [&]() -> weft::task<> {
                if (outlives) {
                    co_await kept.next();
                } else {
                    auto own = weft::watch(folder.path());
                    co_await own.next();
                }
            };
            if (outlives) kept = weft::watch(folder.path());
            auto waiting = weft::create_task(wait());
            for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        };
        loop.run_until_complete(main());
        loop.close();
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
