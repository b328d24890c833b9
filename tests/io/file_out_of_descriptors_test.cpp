// SPDX-License-Identifier: Apache-2.0
// No descriptors for files, directories and watches: a clear error, nothing is left, and it works again.
#include "io/temporary_folder.hpp"
#include "without_descriptors.hpp"

#include <weft/io/directory.hpp>
#include <weft/io/file.hpp>
#include <weft/io/watch.hpp>

#include <fstream>
#include <string>

using namespace weft_test;

namespace {

struct a_folder {
    a_folder() { std::ofstream(path) << "text"; }
    const temporary_folder folder;
    const std::string path = folder / "file";
};

TEST(file, without_descriptors_is_not_opened_and_the_error_names_it) {
    const a_folder at;
    const auto open = [&]() -> weft::task<> { co_await weft::file::open(at.path); };
    EXPECT_EQ(fail_each_descriptor(open, at.path), 1u);
}

TEST(read_file, without_descriptors_says_so) {
    const a_folder at;
    const auto read = [&]() -> weft::task<> { EXPECT_EQ(co_await weft::read_file(at.path), "text"); };
    EXPECT_EQ(fail_each_descriptor(read, at.path), 1u);
}

TEST(list_directory, without_descriptors_says_so) {
    const a_folder at;
    const auto list = [&]() -> weft::task<> {
        const auto entries = co_await weft::list_directory(at.folder.path());
        EXPECT_EQ(entries.size(), 1u);
    };
    EXPECT_EQ(fail_each_descriptor(list, at.folder.path()), 1u);
}

TEST(watch, without_descriptors_says_so) {
    const a_folder at;
    const auto watch = [&]() -> weft::task<> {
        auto events = weft::watch(at.folder.path());
        co_await events.close();
    };
    EXPECT_EQ(fail_each_descriptor(watch, at.folder.path()), 1u);
}

/// It needs one of the file and one of the socket. Without them the stream sends what follows.
TEST(send_file, without_descriptors_says_so) {
    const a_folder at;
    weft::run([](const std::string& path) -> weft::task<> {
        const auto before = open_descriptors();
        for (std::size_t left = 0; left <= 2; ++left) {
            sockets ends = connect_sockets();
            for (const auto* fd : {&ends.client, &ends.server}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
            auto client = make_stream(std::move(ends.client));
            auto server = make_stream(std::move(ends.server));
            const weft::file from = co_await weft::file::open(path);
            std::error_code error;
            try {
                const few_descriptors few(left);
                co_await server.send_file(from);
            } catch (const std::system_error& e) {
                error = e.code();
                EXPECT_THAT(e.what(), testing::HasSubstr(left == 0 ? "send_file: " + path : "send_file to "));
            }
            EXPECT_EQ(error, left < 2 ? std::make_error_code(std::errc::too_many_files_open) : std::error_code());
            co_await server.write("!");
            server.close();
            EXPECT_EQ(co_await client.read_all(), left < 2 ? "!" : "text!");
        }
        for (int i = 0; i < 10; ++i) co_await weft::yield_now();
        EXPECT_EQ(open_descriptors(), before);
    }(at.path));
}

}  // namespace
