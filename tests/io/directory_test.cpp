// SPDX-License-Identifier: Apache-2.0
#include <weft/io/directory.hpp>

#include "io/connected.hpp"
#include "io/temporary_folder.hpp"

#include <sys/stat.h>

#include <fstream>
#include <map>

using namespace weft_test;
using testing::HasSubstr;

namespace {

TEST(list_directory, gives_names_and_kinds) {
    const temporary_folder folder;
    std::ofstream(folder / "file") << "x";
    std::filesystem::create_directory(folder / "folder");
    std::filesystem::create_symlink("nowhere", folder / "link");
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    run([&]() -> weft::task<> {
        std::map<std::string, weft::file_kind> found;
        for (const auto& entry : co_await weft::list_directory(folder.path())) found[entry.name] = entry.kind;
        const std::map<std::string, weft::file_kind> expected = {{"file", weft::file_kind::regular},
                                                                 {"folder", weft::file_kind::directory},
                                                                 {"link", weft::file_kind::symbolic_link},
                                                                 {"pipe", weft::file_kind::fifo}};
        EXPECT_EQ(found, expected);
        for (const auto& entry : co_await weft::list_directory("/dev")) {
            if (entry.name == "null") {
                EXPECT_EQ(entry.kind, weft::file_kind::character_device);
            }
        }
        EXPECT_TRUE((co_await weft::list_directory(folder / "folder")).empty());
    });
}

TEST(list_directory, of_what_is_none_is_an_error_that_names_it) {
    run([]() -> weft::task<> {
        for (const std::string path : {"/nonexistent", "/dev/null"}) {
            try {
                co_await weft::list_directory(path);
                ADD_FAILURE();
            } catch (const std::system_error& e) {
                EXPECT_THAT(e.what(), HasSubstr("list " + path + ": "));
            }
        }
        EXPECT_THROW(co_await weft::list_directory(std::string("/tmp\0x", 6)), std::invalid_argument);
    });
}

TEST(list_directory, cancelled_while_it_waits_ends_at_once) {
    run([]() -> weft::task<> {
        auto listing = weft::create_task(weft::list_directory("/usr/lib"));
        co_await weft::yield_now();
        listing.cancel();
        EXPECT_THROW(co_await listing, weft::cancelled_error);
    });
}

TEST(list_directory, destroyed_while_it_waits_leaves_nothing) {
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto main = []() -> weft::task<> {
        auto listing = weft::create_task(weft::list_directory("/usr/lib"));
        co_await weft::yield_now();
    };
    loop.run_until_complete(main());
    loop.close();
}

}  // namespace
