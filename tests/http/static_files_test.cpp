// SPDX-License-Identifier: Apache-2.0
#include <weft/http/static_files.hpp>

#include "http/talk.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;
namespace fs = std::filesystem;

namespace {

/// A folder of files, which goes with the test.
class static_files : public testing::Test {
protected:
    static_files() {
        std::string pattern = (fs::temp_directory_path() / "weft-files-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
        fs::create_directories(root_ / "site" / "sub" / "empty");
        put("site/a.txt", "0123456789");
        put("site/index.html", "<h1>home</h1>");
        put("site/sub/page.html", "<p>page</p>");
        put("site/.env", "secret");
        put("site/.well-known/x", "known");
        put("site/packed.js", "plain plain plain");
        put("site/packed.js.gz", "gzipped");
        put("site/sp ace&.txt", "odd");
        put("outside.txt", "outside");
        fs::create_symlink("../outside.txt", root_ / "site" / "leads_out");
        fs::create_symlink("a.txt", root_ / "site" / "leads_in");
        fs::create_symlink("/etc", root_ / "site" / "etc");
        ::mkfifo((root_ / "site" / "pipe").c_str(), 0600);
    }
    ~static_files() override { fs::remove_all(root_); }

    void put(const fs::path& name, std::string_view text) {
        fs::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name) << text;
    }

    /// What is answered to each request in turn: "METHOD TARGET" and fields.
    std::vector<std::string> ask(std::vector<std::string> requests, http::static_files_options options = {}) {
        std::vector<std::string> answers;
        http::router routes;
        routes.get("/{file:path}", http::static_files((root_ / "site").string(), std::move(options)));
        weft::testing::run([](http::router all, std::vector<std::string> asked,
                              std::vector<std::string>& out) -> task<> {
            http::server server(std::move(all));
            for (const std::string& each : asked) {
                conversation c(server);
                const std::size_t end = std::min(each.find('\n'), each.size());
                std::string fields;
                for (const char ch : each.substr(std::min(end + 1, each.size())))
                    fields.append(ch == '\n' ? "\r\n" : std::string(1, ch));
                if (!fields.empty()) fields += "\r\n";
                co_await c.say(each.substr(0, end) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields + "\r\n");
                out.push_back(co_await c.client.read_all());
            }
        }(std::move(routes), std::move(requests), answers));
        return answers;
    }
    std::string ask_one(std::string request, http::static_files_options options = {}) {
        return ask({std::move(request)}, std::move(options)).at(0);
    }
    static std::string field(const std::string& answer, const std::string& name) {
        const std::size_t at = answer.find("\r\n" + name + ": ");
        if (at == std::string::npos) return {};
        return answer.substr(at + name.size() + 4, answer.find("\r\n", at + 2) - at - name.size() - 4);
    }

    fs::path root_;
};

TEST_F(static_files, are_sent_with_their_type_size_and_state) {
    EXPECT_THAT(ask_one("GET /a.txt"),
                AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"),
                      HasSubstr("Content-Length: 10\r\n"), HasSubstr("ETag: \""), HasSubstr("Last-Modified: "),
                      HasSubstr("X-Content-Type-Options: nosniff\r\n"), EndsWith("\r\n\r\n0123456789")));
    EXPECT_THAT(ask_one("HEAD /a.txt"), AllOf(HasSubstr("Content-Length: 10\r\n"), EndsWith("\r\n\r\n")));
    EXPECT_THAT(ask_one("GET /sp%20ace&.txt"), EndsWith("odd"));
    EXPECT_THAT(ask_one("GET /a.txt", {.max_age = 1min}), HasSubstr("Cache-Control: max-age=60\r\n"));
}

TEST_F(static_files, stand_for_their_folder_by_the_index) {
    EXPECT_THAT(ask_one("GET /"), AllOf(HasSubstr("text/html"), EndsWith("<h1>home</h1>")));
    EXPECT_THAT(ask_one("GET /sub"), AllOf(StartsWith("HTTP/1.1 308 "), HasSubstr("Location: ./sub/\r\n")));
    EXPECT_THAT(ask_one("GET /sub/"), StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(ask_one("GET /a.txt/"), StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(ask_one("GET //sub"), Not(HasSubstr("Location: //")));
}

TEST_F(static_files, are_listed_if_asked_for) {
    EXPECT_THAT(ask_one("GET /sub/", {.lists_folders = true}),
                AllOf(HasSubstr("<a href=\"./empty/\">"), HasSubstr("<a href=\"./page.html\">")));
    EXPECT_THAT(ask_one("GET /", {.index = "", .lists_folders = true}),
                AllOf(HasSubstr("<a href=\"./sp%20ace%26.txt\">sp ace&amp;.txt</a>"), Not(HasSubstr(".env"))));
}

TEST_F(static_files, are_never_those_outside_or_hidden) {
    for (const char* path : {"/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/%2e%2e%2foutside.txt",
                             "/sub/..%5c..%5coutside.txt", "/..\\outside.txt", "/%252e%252e/outside.txt",
                             "/%c0%ae%c0%ae/outside.txt", "/a.txt%00.html", "/leads_out", "/etc/passwd", "/etc",
                             "/.env", "/sub/../.env", "/%2eenv", "/pipe", "/none", "//etc/passwd", "/sub/.../x"}) {
        EXPECT_THAT(ask_one("GET " + std::string(path)),
                    testing::AnyOf(StartsWith("HTTP/1.1 404 "), StartsWith("HTTP/1.1 400 ")))
            << path;
    }
    EXPECT_THAT(ask_one("GET /leads_in"), EndsWith("0123456789"));
    EXPECT_THAT(ask_one("GET /.well-known/x"), EndsWith("known"));
    EXPECT_THAT(ask_one("GET /.env", {.dot_files = true}), EndsWith("secret"));
}

TEST_F(static_files, are_not_sent_again_if_they_have_not_changed) {
    const std::string first = ask_one("GET /a.txt");
    EXPECT_THAT(ask_one("GET /a.txt\nIf-None-Match: " + field(first, "ETag")),
                AllOf(StartsWith("HTTP/1.1 304 "), Not(HasSubstr("Content-Length")), EndsWith("\r\n\r\n")));
    EXPECT_THAT(ask_one("GET /a.txt\nIf-Modified-Since: " + field(first, "Last-Modified")),
                StartsWith("HTTP/1.1 304 "));
    EXPECT_THAT(ask_one("GET /a.txt\nIf-Match: \"other\""), StartsWith("HTTP/1.1 412 "));
    put("site/a.txt", "changed");
    EXPECT_THAT(ask_one("GET /a.txt\nIf-None-Match: " + field(first, "ETag")), EndsWith("changed"));
}

TEST_F(static_files, are_sent_in_parts) {
    EXPECT_THAT(
        ask_one("GET /a.txt\nRange: bytes=2-4"),
        AllOf(StartsWith("HTTP/1.1 206 "), HasSubstr("Content-Range: bytes 2-4/10\r\n"), EndsWith("\r\n\r\n234")));
    EXPECT_THAT(ask_one("GET /a.txt\nRange: bytes=-3"), EndsWith("\r\n\r\n789"));
    EXPECT_THAT(ask_one("GET /a.txt\nRange: bytes=10-"),
                AllOf(StartsWith("HTTP/1.1 416 "), HasSubstr("Content-Range: bytes */10\r\n")));
    EXPECT_THAT(ask_one("GET /a.txt\nRange: bytes=0-0,5-6"),
                AllOf(StartsWith("HTTP/1.1 206 "), HasSubstr("multipart/byteranges; boundary="),
                      HasSubstr("Content-Range: bytes 0-0/10\r\n\r\n\r\n1\r\n0\r\n"),  // with what chunks add
                      HasSubstr("Content-Range: bytes 5-6/10\r\n\r\n\r\n2\r\n56\r\n")));
    EXPECT_THAT(ask_one("GET /a.txt\nRange: bytes=1-2\nIf-Range: \"other\""),
                AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("0123456789")));
    EXPECT_THAT(ask_one("HEAD /a.txt\nRange: bytes=1-2"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(ask_one("GET /a.txt\nRange: bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-"), Not(StartsWith("HTTP/1.1 206 ")));
}

TEST_F(static_files, are_sent_packed_to_who_takes_that) {
    const std::string packed = ask_one("GET /packed.js\nAccept-Encoding: br, gzip");
    EXPECT_THAT(packed, AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("Vary: Accept-Encoding\r\n"),
                              HasSubstr("text/javascript"), EndsWith("gzipped")));
    const std::string plain = ask_one("GET /packed.js");
    EXPECT_THAT(plain, AllOf(Not(HasSubstr("Content-Encoding")), HasSubstr("Vary: Accept-Encoding\r\n"),
                             EndsWith("plain plain plain")));
    EXPECT_NE(field(packed, "ETag"), field(plain, "ETag"));
    EXPECT_THAT(ask_one("GET /packed.js\nAccept-Encoding: gzip;q=0"), EndsWith("plain plain plain"));
    const std::string parts = "GET /packed.js\nAccept-Encoding: gzip\nRange: bytes=0-";
    EXPECT_THAT(ask_one(parts + "1"), AllOf(StartsWith("HTTP/1.1 206 "), EndsWith("\r\n\r\ngz")));
    EXPECT_THAT(ask_one(parts + "1,4-5"),  // what holds several parts is not packed itself
                AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Encoding: gzip\r\n"), EndsWith("gzipped")));
}

TEST_F(static_files, of_a_folder_that_is_not_there_are_an_error_at_once) {
    EXPECT_THROW(http::static_files((root_ / "none").string()), std::system_error);
}

}  // namespace
