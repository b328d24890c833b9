// SPDX-License-Identifier: Apache-2.0
// Other people's clients and servers, as child processes: asyncio, curl, socat and nc where they are installed.
#include "io/temporary_folder.hpp"
#include "net/child.hpp"
#include "net/name_server.hpp"

using namespace weft_test;
using testing::EndsWith;

namespace {

/// Sends some bytes in Python, and says whether what comes back is `expected`.
/// @param connection  what gives a reader and a writer, of asyncio
std::vector<std::string> python_client(const std::string& connection, const std::string& sent,
                                       const std::string& expected) {
    return python("connect = lambda: asyncio." + connection + "\nsent = " + sent + "\nexpected = " + expected + R"(
async def main():
    r, w = await connect()
    w.write(sent)
    w.write_eof()
    print((await r.read()) == expected)
asyncio.run(main())
)");
}

/// Serves one connection in Python, by statements that have it as `r` and `w`, and says first what the port or path is.
/// @param server  what gives a server whose connections go to `f`, of asyncio
std::vector<std::string> python_server(const std::string& statements, const std::string& server) {
    return python("async def serve(r, w):\n" + statements + "start = lambda f: asyncio." + server + R"(
async def main():
    served = asyncio.get_running_loop().create_future()
    async def serve_and_close(r, w):
        await serve(r, w)
        w.close()
        await w.wait_closed()
        served.set_result(None)
    server = await start(serve_and_close)
    name = server.sockets[0].getsockname()
    print(name if isinstance(name, str) else name[1], flush=True)
    await served
asyncio.run(main())
)");
}
const std::string echo_lines = "    while line := await r.readline(): w.write(line)\n";

/// Has a hundred lines echoed. @return what comes after them
weft::task<std::string> converse(weft::stream& s, std::string_view line_end) {
    for (int i = 0; i < 100; ++i) {
        const std::string line = "line " + std::to_string(i);
        co_await s.write(line + std::string(line_end));
        EXPECT_EQ(co_await s.read_line(), line);
    }
    co_await s.write_eof();
    co_return co_await s.read_all();
}

TEST(asyncio, as_a_client_is_served) {
    weft::run([]() -> weft::task<> {
        weft::future<> served;
        const auto serve = [&served](weft::stream s) -> weft::task<> {
            while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
            co_await s.close();
            served.set_result();
        };
        auto server = co_await weft::start_server(serve, "127.0.0.1", 0);
        child client(python_client("open_connection('127.0.0.1', " + std::to_string(server.port()) + ")",
                                   "b'one\\ntwo' + b'x' * 50000 + b'\\nthree'",
                                   "b'one\\ntwo' + b'x' * 50000 + b'\\nthree\\n'"));
        co_await served;
        EXPECT_EQ(client.read_line(), "True");
        EXPECT_EQ(client.finish(), 0);
    }());
}

TEST(asyncio, as_a_server_answers) {
    child server(python_server(echo_lines + "    w.write(b'bye')\n", "start_server(f, '127.0.0.1', 0)"));
    const auto port = static_cast<std::uint16_t>(std::stoi(server.read_line()));
    weft::run([](std::uint16_t at) -> weft::task<> {
        auto s = co_await weft::open_connection("127.0.0.1", at);
        EXPECT_EQ(co_await converse(s, "\r\n"), "bye");
    }(port));
    EXPECT_EQ(server.finish(), 0);
}

TEST(asyncio, as_a_client_over_a_unix_socket_is_served) {
    const temporary_folder folder;
    weft::run([](std::string path) -> weft::task<> {
        weft::future<> served;
        const auto serve = [&served](weft::stream s) -> weft::task<> {
            for (std::string part; !(part = co_await s.read(65536)).empty();) co_await s.write(part);
            co_await s.close();
            served.set_result();
        };
        auto server = co_await weft::start_unix_server(serve, path);
        child client(
            python_client("open_unix_connection('" + path + "')", "b'x' * 500000 + b'\\n'", "b'x' * 500000 + b'\\n'"));
        co_await served;
        EXPECT_EQ(client.read_line(), "True");
        EXPECT_EQ(client.finish(), 0);
    }(folder / "x.sock"));
}

TEST(asyncio, as_a_server_on_a_unix_socket_answers) {
    const temporary_folder folder;
    const std::string path = folder / "x.sock";
    child server(python_server(echo_lines, "start_unix_server(f, '" + path + "')"));
    ASSERT_EQ(server.read_line(), path);
    weft::run([](std::string at) -> weft::task<> {
        auto s = co_await weft::open_unix_connection(at);
        EXPECT_EQ(co_await converse(s, "\n"), "");
    }(path));
    EXPECT_EQ(server.finish(), 0);
}

TEST(asyncio, as_a_server_on_one_family_is_found_by_a_name_of_both) {
    child server(python_server("    w.write(b'hello from six')\n", "start_server(f, '::1', 0)"));
    const auto port = static_cast<std::uint16_t>(std::stoi(server.read_line()));
    weft::run([](std::uint16_t at) -> weft::task<> {
        const name_server names({{"both.test", {"127.0.0.1", "::1"}}});
        names.serve();
        auto s = co_await weft::open_connection("both.test", at);
        EXPECT_EQ(co_await s.read_all(), "hello from six");
    }(port));
    EXPECT_EQ(server.finish(), 0);
}

/// Answers one HTTP request.
weft::task<> hello_http(weft::stream s) {
    std::string request;
    while (auto line = co_await s.read_line()) {
        if (line->empty()) break;
        request += *line + ";";
    }
    const std::string body = "you asked: " + request.substr(0, request.find(';'));
    co_await s.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                     "\r\n\r\n" + body);
}

std::vector<std::string> in_shell(const std::string& command) { return {"sh", "-c", command}; }

/// What a program prints, without blocking the loop.
weft::task<std::string> output_of(std::vector<std::string> arguments) {
    co_return co_await weft::to_thread(
        [](std::vector<std::string> a) {
            child c(std::move(a));
            return c.read_all();
        },
        std::move(arguments));
}

TEST(curl, is_served_over_tcp_by_name_and_over_a_unix_socket) {
    if (!is_installed("curl")) GTEST_SKIP() << "curl is not installed";
    const temporary_folder folder;
    weft::run([](std::string path) -> weft::task<> {
        auto tcp = co_await weft::start_server(hello_http, {"127.0.0.1", "::1"}, 0);
        const std::string url = "http://localhost:" + std::to_string(tcp.port()) + "/page";
        for (const char* family : {"-4", "-6"}) {
            // Named: GCC 14 cannot compile a list of objects in an expression that awaits.
            const std::vector<std::string> command = {"curl", "-s", "--noproxy", "*", "--max-time", "20", family, url};
            EXPECT_EQ(co_await output_of(command), "you asked: GET /page HTTP/1.1");
        }
        auto local = co_await weft::start_unix_server(hello_http, path);
        const std::vector<std::string> command = {"curl",          "-s", "--max-time",   "20",
                                                  "--unix-socket", path, "http://x/unix"};
        EXPECT_EQ(co_await output_of(command), "you asked: GET /unix HTTP/1.1");
    }(folder / "http.sock"));
}

TEST(socat, carries_a_request_to_a_unix_socket) {
    if (!is_installed("socat")) GTEST_SKIP() << "socat is not installed";
    const temporary_folder folder;
    weft::run([](std::string path) -> weft::task<> {
        auto server = co_await weft::start_unix_server(hello_http, path);
        const std::string command = "printf 'GET /socat HTTP/1.1\\r\\n\\r\\n' | socat -t10 - UNIX-CONNECT:" + path;
        EXPECT_THAT(co_await output_of(in_shell(command)), EndsWith("you asked: GET /socat HTTP/1.1"));
    }(folder / "x.sock"));
}

TEST(nc, carries_a_request_over_tcp) {
    if (!is_installed("nc")) GTEST_SKIP() << "nc is not installed";
    weft::run([]() -> weft::task<> {
        auto server = co_await weft::start_server(hello_http, "127.0.0.1", 0);
        const std::string command =
            "printf 'GET /nc HTTP/1.1\\r\\n\\r\\n' | nc -w 10 127.0.0.1 " + std::to_string(server.port());
        EXPECT_THAT(co_await output_of(in_shell(command)), EndsWith("you asked: GET /nc HTTP/1.1"));
    }());
}

}  // namespace
