// SPDX-License-Identifier: Apache-2.0
// A reverse proxy: bodies go on both ways while they come; a client that goes takes along what it has begun behind it.
#include <weft/http/client.hpp>
#include <weft/http/server.hpp>
#include <weft/weft.hpp>

#include <cstdio>

using namespace std::chrono_literals;
namespace http = weft::http;

/// Without what is between two neighbours (RFC 9110 7.6.1), and what each of them says for itself.
http::headers passed_on(const http::headers& from) {
    static const http::headers own = {
        {"Own", "Connection, Keep-Alive, TE, Transfer-Encoding, Upgrade, Content-Length, Date, Expect, Host"}};
    http::headers to;
    for (const auto [name, value] : from) {
        if (!own.lists("Own", name) && !from.lists("Connection", name)) to.add(name, value);
    }
    return to;
}
/// Each piece as it comes, and none before the last one was taken.
template <class From>
weft::task<> copy(From& from, http::body_writer& to) {
    std::vector<std::byte> buffer(16 * 1024);
    while (const std::size_t count = co_await from.read_some(buffer)) {
        co_await to.write({reinterpret_cast<const char*>(buffer.data()), count});
        co_await to.flush();
    }
}
weft::task<http::response> forward(http::client& client, std::string to, http::request& r) {
    http::request_options o{.headers = passed_on(r.headers())};
    o.headers.set("X-Forwarded-For", r.client().host);  // in place of what a stranger says of himself
    if (r.has_body()) o.body = http::request_body::stream([&r](auto& b) { return copy(r, b); }, r.content_length());
    try {  // the target appended, not resolved: "//a/b" is not another host's
        auto got = co_await client.request(r.method(), to + std::string(r.target()), std::move(o));
        const auto [status, size] = std::pair(got.status(), got.content_length());
        http::headers fields = passed_on(got.headers());
        auto answer = http::response::stream([g = std::move(got)](auto& b) mutable { return copy(g, b); }, "", size);
        answer.set_status(status);
        answer.headers() = std::move(fields);
        co_return answer;
    } catch (const weft::timeout_error&) {
        throw http::http_error(http::status::gateway_timeout);
    } catch (const http::client_error&) {
        throw http::http_error(http::status::bad_gateway);
    } catch (const std::system_error&) {
        throw http::http_error(http::status::bad_gateway);
    }
}
/// The server behind: says who asked, counts what it is sent, or lets one wait.
weft::task<http::response> answer(http::request& r) {
    if (r.path() == "/count") co_return http::response::text(std::to_string((co_await r.body()).size()) + "\n");
    if (r.path() == "/wait") co_await weft::sleep(1h);
    co_return http::response::text("hello " + std::string(r.header("X-Forwarded-For")) + "\n");
}
weft::task<> print(const char* what, weft::task<http::client_response> asked) {
    http::client_response r = co_await std::move(asked);
    std::printf("%s -> %d %s", what, http::to_number(r.status()), (co_await r.text()).c_str());
}
weft::task<> main_task() {
    http::server behind(answer, {.port = 0});
    co_await behind.start();
    http::client client({.timeouts = {.first_byte = 200ms}, .max_redirects = 0, .cookies = false, .decompress = false});
    const std::string there = "http://127.0.0.1:" + std::to_string(behind.port());
    http::server proxy([&](http::request& r) { return forward(client, there, r); }, {.port = 0});
    co_await proxy.start();
    http::client visitor({.base_url = "http://127.0.0.1:" + std::to_string(proxy.port())});
    co_await print("GET /", visitor.get("/"));
    co_await print("POST /count", visitor.post("/count", std::string(1'000'000, 'x')));
    co_await print("GET /wait", visitor.get("/wait"));
    co_await weft::move_on_after(50ms, [&]() -> weft::task<> { co_await visitor.get("/wait"); });
    while (behind.requests() > 0) co_await weft::sleep(1ms);
    std::printf("GET /wait, and gone -> nor does anybody wait behind the proxy\n");
    behind.close();
    co_await print("GET / of nobody", visitor.get("/"));
}

int main() { weft::run(main_task()); }
