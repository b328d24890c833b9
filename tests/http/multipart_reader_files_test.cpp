// SPDX-License-Identifier: Apache-2.0
// Uploads that go to the disk.
#include <weft/http/multipart_reader.hpp>

#include "http/posts.hpp"

#include <weft/io/file.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

using namespace weft_test;
using testing::EndsWith;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;
namespace fs = std::filesystem;

namespace {

class saved_part : public testing::Test {
protected:
    saved_part() {
        std::string pattern = (fs::temp_directory_path() / "weft-parts-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~saved_part() override { fs::remove_all(folder_); }

    /// Saves each file under its own name; what is said of it.
    std::string upload(const std::string& body, std::uint64_t limit = 1'000'000) {
        std::string heard;
        const auto save = [this, limit](http::request& r) -> task<http::response> {
            std::string told;
            auto form = co_await r.multipart();
            while (auto part = co_await form.next()) {
                try {
                    told += std::to_string(co_await part->save_to(folder_ + "/" + part->filename(), limit)) + ";";
                } catch (const std::system_error& e) {
                    told += e.code().message() + ";";
                }
            }
            co_return http::response::text(told);
        };
        with_server(save, [&](http::server& s) -> task<> {
            conversation c(s);
            co_await c.say(post(multipart, body, "Connection: close\r\n"));
            heard = co_await c.client.read_all();
        });
        return heard;
    }
    std::string content(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream(folder_ + "/" + name).rdbuf();
        return text.str();
    }
    std::string folder_;
};

TEST_F(saved_part, is_the_file_that_was_sent) {
    std::string large(300'000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 / 3);
    EXPECT_THAT(upload(part("name=f; filename=\"../large\"", large) + part("name=f; filename=small", "") + "--b--"),
                EndsWith("\r\n300000;0;"));
    EXPECT_TRUE(content("large") == large);
    EXPECT_TRUE(fs::exists(folder_ + "/small"));
}

TEST_F(saved_part, takes_no_other_files_place) {
    std::ofstream(folder_ + "/there") << "kept";
    fs::create_symlink(folder_ + "/beyond", folder_ + "/link");
    EXPECT_THAT(upload(part("name=f; filename=there", "evil") + "--b--"), EndsWith("File exists;"));
    EXPECT_THAT(upload(part("name=f; filename=link", "evil") + "--b--"), EndsWith("File exists;"));
    EXPECT_EQ(content("there"), "kept");
    EXPECT_FALSE(fs::exists(folder_ + "/beyond"));
}

TEST_F(saved_part, leaves_nothing_behind_if_it_does_not_come_to_its_end) {
    const std::string body = part("name=f; filename=file", std::string(200'000, 'x'));
    EXPECT_THAT(upload(body + "--b--", 100'000), StartsWith("HTTP/1.1 413 "));
    EXPECT_FALSE(fs::exists(folder_ + "/file"));
    EXPECT_THAT(upload(body.substr(0, 150'000)), StartsWith("HTTP/1.1 400 "));
    EXPECT_FALSE(fs::exists(folder_ + "/file"));
}

TEST_F(saved_part, goes_into_a_file_that_is_open_behind_what_is_there) {
    const std::string two = part("name=a; filename=a", "a cat") + part("name=b", "0123456789") + "--b--";
    const auto append = [this](http::request& r) -> task<http::response> {
        weft::file to = co_await weft::file::open(folder_ + "/all", weft::open_mode::write | weft::open_mode::create);
        auto form = co_await r.multipart();
        while (auto part = co_await form.next()) co_await part->save_to(to);
        co_await to.close();
        co_return http::response::text("done");
    };
    with_server(append, [&](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(post(multipart, two, "Connection: close\r\n"));
        EXPECT_THAT(co_await c.client.read_all(), EndsWith("done"));
    });
    EXPECT_EQ(content("all"), "a cat0123456789");
}

TEST_F(saved_part, goes_with_the_client_that_sent_it) {
    const auto save = [this](http::request& r) -> task<http::response> {
        auto form = co_await r.multipart();
        auto part = co_await form.next();
        co_await part->save_to(folder_ + "/file");
        co_return http::response();
    };
    with_server(save, [this](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(post(multipart, part("name=f; filename=f", std::string(50'000, 'x'))).substr(0, 30'000));
        while (!fs::exists(folder_ + "/file") || fs::file_size(folder_ + "/file") == 0) co_await weft::yield_now();
        co_await c.client.close();
        co_await c.served;
    });
    EXPECT_FALSE(fs::exists(folder_ + "/file"));
}

TEST_F(saved_part, cancelled_while_its_file_is_made_takes_that_with_it) {
    const std::string path = folder_ + "/file";
    const auto save = [&path](http::request& r) -> task<http::response> {
        auto form = co_await r.multipart();
        auto part = co_await form.next();
        auto saving = weft::create_task(part->save_to(path));
        co_await weft::yield_now();
        const auto enough = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
        while (!fs::exists(path) && std::chrono::steady_clock::now() < enough) {
        }  // a thread has made it, and the loop does not know yet
        while (!fs::exists(path)) co_await weft::yield_now();  // it needed this one
        saving.cancel();
        EXPECT_THROW(co_await saving, weft::cancelled_error);
        EXPECT_FALSE(fs::exists(path));
        co_return http::response();
    };
    with_server(save, [](http::server& s) -> task<> {
        conversation c(s);
        const std::string all = post(multipart, part("name=f; filename=f", std::string(50'000, 'x')));
        EXPECT_THAT(co_await c.ask(all.substr(0, 30'000)), StartsWith("HTTP/1.1 2"));
    });
}

}  // namespace
