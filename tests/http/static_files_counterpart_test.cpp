// SPDX-License-Identifier: Apache-2.0
// Static files as curl gets them: a large one whole and in parts, packed ones, those it has already.
#include "http/visited_server.hpp"

using namespace weft_test;
using weft::task;

namespace {

constexpr const char* make_files = R"(cd $F && head -c 67108864 /dev/urandom > large &&
    seq 1 100000 > text && gzip -k text && cp text a.css && echo no brotli > a.css.br && echo no gzip > a.css.gz)";

TEST(static_files_and_curl, agree_on_every_byte) {
    if (!has_program("curl")) GTEST_SKIP() << "curl is not installed";
    const temporary_folder folder;
    const auto same = [](const std::string& asked, const std::string& there) {
        return shell_table::row{"curl -sS " + asked + " | sha256sum > $F/a; " + there +
                                    " | sha256sum | cmp - $F/a && echo the same",
                                "the same"};
    };
    const auto visit = [&](http::server& s, std::string url) -> task<> {
        const said made = co_await shell(make_files, url, folder);
        EXPECT_EQ(made.status, 0) << made.text;
        const shell_table curl{folder, url};
        const std::vector<shell_table::row> whole = {
            same("$U/files/large", "cat $F/large"),
            same("-r 0-9 $U/files/large", "head -c 10 $F/large"),
            same("-r 12345678-23456789 $U/files/large", "tail -c +12345679 $F/large | head -c 11111112"),
            same("-r 67108863- $U/files/large", "tail -c 1 $F/large"),
            same("-r -5000000 $U/files/large", "tail -c 5000000 $F/large"),
            same("-r 5-999999999999 $U/files/large", "tail -c +6 $F/large"),
            {"curl -sS -o /dev/null -w \"%{http_code} %header{content-range}\" -r 67108864- $U/files/large", "416"},
            {"head -c 40000000 $F/large > $F/part && curl -sS -C - -o $F/part -w %{http_code} $U/files/large && "
             "cmp $F/part $F/large && echo the same",
             "206the same"},
            {"curl -sS -r 0-1,100-101,50000000-50000001 $U/files/large | grep -a -c Content-Range", "3\n"},
            same("--limit-rate 16M -r 0-4194303 $U/files/large", "head -c 4194304 $F/large"),
        };
        co_await curl.check(whole);
        const std::vector<shell_table::row> packed = {
            same("--compressed $U/files/text", "cat $F/text"),
            same("-H \"Accept-Encoding: gzip\" $U/files/text", "cat $F/text.gz"),
            same("$U/files/text", "cat $F/text"),
            same("-H \"Accept-Encoding: gzip, br\" $U/files/a.css", "echo no brotli"),
            same("-H \"Accept-Encoding: gzip, br;q=0\" $U/files/a.css", "echo no gzip"),
            {"curl -sS -I -H \"Accept-Encoding: br\" $U/files/a.css", "Content-Encoding: br\r\n"},
            {"curl -sS -I -H \"Accept-Encoding: br\" $U/files/a.css", "Content-Type: text/css"},
        };
        co_await curl.check(packed);
        const std::vector<shell_table::row> known = {
            {"curl -sS --etag-save $F/tag -o /dev/null $U/files/text && "
             "curl -sS --etag-compare $F/tag -o /dev/null -w %{http_code} $U/files/text",
             "304"},
            {"curl -sS -R -o $F/copy $U/files/text && curl -sS -z $F/copy -o /dev/null -w %{http_code} $U/files/text",
             "304"},
            {"curl -sS -z \"2 days ago\" -o /dev/null -w %{http_code} $U/files/text", "200"},
            {"curl -sS -r 0-9 -H \"If-Range: $(cat $F/tag)\" -o /dev/null -w %{http_code} $U/files/text", "206"},
            {"echo more >> $F/text && "
             "curl -sS -r 0-9 -H \"If-Range: $(cat $F/tag)\" -o /dev/null -w %{http_code} $U/files/text",
             "200"},
            {"curl -sS --etag-compare $F/tag -o /dev/null -w %{http_code} $U/files/text", "200"},
        };
        co_await curl.check(known);
        EXPECT_EQ(s.requests(), 0u);
    };
    run_visit(what_there_is(folder), {}, visit);
}

TEST(static_files_and_curl, survive_clients_that_go_in_the_middle) {
    if (!has_program("curl")) GTEST_SKIP() << "curl is not installed";
    const temporary_folder folder;
    run_visit(what_there_is(folder), {}, [&](http::server&, std::string url) -> task<> {
        co_await shell(make_files, url, folder);
        const std::vector<shell_table::row> rows = {
            {"for i in 1 2 3 4 5 6 7 8 9 10; do curl -sS $U/files/large 2>$F/why | head -c 1000000 | wc -c; done",
             "1000000\n1000000\n"},
            {"curl -sS $U/files/large | cmp - $F/large && echo the same", "the same"},
        };
        co_await shell_table{folder, url}.check(rows);
    });
}

}  // namespace
