// SPDX-License-Identifier: Apache-2.0
// Our server, and curl: methods, uploads, versions, connections, TLS; and requests in a row by nc.
#include "http/visited_server.hpp"

#if WEFT_WITH_TLS
#include "tls/secured.hpp"
#endif

#include <fstream>
#include <vector>

using namespace weft_test;
using testing::HasSubstr;
using weft::task;

namespace {

/// Runs each command, and looks for what it must say.
void curl_says(std::vector<shell_table::row> rows, http::server_options options = {}) {
    const temporary_folder folder;
    run_visit(what_there_is(folder), std::move(options), [&](http::server&, std::string url) -> task<> {
        co_await shell("head -c 3000000 /dev/urandom > $F/large", url, folder);
        co_await shell_table{folder, url}.check(rows);
    });
}

TEST(curl, asks_our_server_by_every_method) {
    if (!has_program("curl")) GTEST_SKIP() << "curl is not installed";
    curl_says({
        {"curl -sS $U/", "hello\n"},
        {"curl -sS -I $U/", "HTTP/1.1 200 OK\r\n"},
        {"curl -sS -I $U/", "Content-Length: 6\r\n"},
        {"curl -sS -d a=b $U/echo", "a=b"},
        {"curl -sS -d a=b $U/framing", "3 bytes: 3"},
        {"curl -sS -F a=b -F large=@$F/large $U/framing", " bytes: 3000"},
        {"curl -sS -X OPTIONS -i $U/", "Allow: GET, HEAD"},
        {"curl -sS -X DELETE -o /dev/null -w %{http_code} $U/", "405"},
        {"curl -sS -o /dev/null -w %{http_code} $U/none", "404"},
        {"curl -sS --path-as-is -o /dev/null -w %{http_code} $U/../../etc/passwd", "400"},
        {"curl -sS -G -d q=1 $U/ ", "hello"},
    });
}

TEST(curl, goes_on_on_one_connection_of_our_server) {
    if (!has_program("curl")) GTEST_SKIP() << "curl is not installed";
    curl_says({
        {"curl -sS -w \"%{num_connects}\\n\" $U/ $U/ $U/", "hello\n1\nhello\n0\nhello\n0\n"},
        {"curl -sS -w \"%{num_connects} \" -d a=b $U/echo $U/echo", "a=b1 a=b0 "},
        {"curl -sS -w \"%{num_connects} \" -I -o /dev/null -o /dev/null $U/ $U/none", "1 0 "},
        {"curl -sS -w \"%{num_connects} \" -o /dev/null -o /dev/null $U/written $U/written", "1 0 "},
        {"curl -sS -H \"Connection: close\" -w \"%{num_connects} \" -o /dev/null -o /dev/null $U/ $U/", "1 1 "},
    });
}

TEST(curl, uploads_to_our_server) {
    if (!has_program("curl")) GTEST_SKIP() << "curl is not installed";
    const std::string compares = " -o $F/back && cmp $F/large $F/back && echo the same";
    curl_says({
        {"curl -sS -T $F/large $U/echo" + compares, "the same"},
        {"curl -sS -v -T $F/large -o /dev/null $U/echo", "< HTTP/1.1 100 Continue"},
        {"curl -sS -H \"Expect: 100-continue\" -v -T - $U/echo < $F/large" + compares, "the same"},
        {"curl -sS -H Expect: -T - $U/echo < $F/large" + compares, "the same"},
        {"curl -sS -X POST -T - $U/framing < $F/large", "chunks: 3000000"},
        {"curl -sS -T /dev/null $U/echo -w %{http_code}", "200"},
        // What is refused is not sent where the client waits to be told; and the refusal reaches one that does not wait.
        {"curl -sS -T $F/large -o /dev/null -w \"%{http_code} %{size_upload}\" $U/small", "413 0"},
        {"head -c 150000 $F/large > $F/less && "
         "curl -sS -H Expect: -T $F/less -o /dev/null -w %{http_code} $U/small",
         "413"},
        {"head -c 150000 $F/large | curl -sS -H Expect: -T - -o /dev/null -w %{http_code} $U/small", "413"},
    });
}

TEST(curl, reads_chunks_and_speaks_http_1_0) {
    if (!has_program("curl")) GTEST_SKIP() << "curl is not installed";
    curl_says({
        {"curl -sS -I $U/written", "Transfer-Encoding: chunked\r\n"},
        {"curl -sS $U/written | wc -c", "10000"},
        {"curl -sS --raw $U/written | head -c 7", "a\r\n0123"},
        {"curl -sS --http1.0 -w \"%{num_connects} \" $U/ $U/", "hello\n1 hello\n1 "},
        {"curl -sS --http1.0 $U/written | wc -c", "10000"},
        {"curl -sS --http1.0 -d a=b $U/echo", "a=b"},
        {"curl -sS --http1.0 -H \"Connection: keep-alive\" -w \"%{num_connects} \" $U/ $U/", "hello\n1 hello\n0 "},
    });
}

TEST(nc, has_requests_in_a_row_answered) {
    if (!has_program("nc")) GTEST_SKIP() << "nc is not installed";
    std::string many;
    for (int i = 0; i < 100; ++i) many += R"(GET / HTTP/1.1\r\nHost: a\r\n\r\n)";
    const std::string last = R"(GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n)";
    const std::string to = " | nc 127.0.0.1 ${U##*:} ";
    curl_says({
        {"printf \"" + many + last + "\"" + to + "| grep -c hello", "101\n"},
        {"printf \"" + many + R"(POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc)" + last + "\"" + to +
             "| tail -n 1",
         "hello"},
        // Its own direction ended, which is no reason to leave what it has asked for.
        {"printf \"" + many + "\" | nc -N 127.0.0.1 ${U##*:} | grep -c hello", "100\n"},
    });
}

#if WEFT_WITH_TLS
TEST(curl, verifies_our_server) {
    if (!has_program("curl")) GTEST_SKIP() << "curl is not installed";
    for (const std::vector<std::string>& protocols : {std::vector<std::string>{}, {"http/1.1"}}) {
        const temporary_folder folder;
        std::ofstream(folder / "ca.pem") << the_authority().pem();
        std::ofstream(folder / "another.pem") << authority({.name = "another authority"}).pem();
        http::server_options options{.tls = server_context({.alpn_protocols = protocols})};
        run_visit(what_there_is(folder), std::move(options), [&](http::server& s, std::string url) -> task<> {
            const std::string port = std::to_string(s.port());
            co_await shell("head -c 3000000 /dev/urandom > $F/large", url, folder);
            const std::vector<shell_table::row> rows = {
                {"curl -sS --cacert $F/ca.pem $U/", "hello\n"},
                {"curl -sS --cacert $F/ca.pem --tlsv1.2 --tls-max 1.2 $U/", "hello\n"},
                {"curl -sS --cacert $F/ca.pem -w \"%{num_connects} \" $U/ $U/", "hello\n1 hello\n0 "},
                {"curl -sS --cacert $F/ca.pem -T $F/large $U/echo | cmp - $F/large && echo the same", "the same"},
                {"curl -sS --cacert $F/ca.pem $U/files/large | cmp - $F/large && echo the same", "the same"},
                {"curl -sS --cacert $F/another.pem $U/ || echo status $?", "status 60\n"},
                {"curl -sS --cacert $F/ca.pem --resolve elsewhere:" + port + ":127.0.0.1 https://elsewhere:" + port +
                     "/ || echo status $?",
                 "status 60\n"},
            };
            co_await shell_table{folder, url}.check(rows);
        });
    }
}
#endif

}  // namespace
