// SPDX-License-Identifier: Apache-2.0
// A web server: routes with parameters, middleware, an error that a client can read.
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <string>

namespace http = weft::http;
using weft::task;

namespace {

task<http::response> hello(http::request&) { co_return http::response::text("Hello, world\n"); }

task<http::response> user(http::request& r) {
    const int id = r.parameter<int>("id");
    if (id > 2) throw http::http_error(http::status::not_found, "no such user");
    co_return http::response::text(id == 1 ? "ann\n" : "bob\n");
}

task<http::response> shout(http::request& r) {
    std::string text = co_await r.body();
    for (char& c : text) c = static_cast<char>(std::toupper(c));
    co_return http::response::text(text + "\n");
}

/// Middleware: what stands around every handler.
task<http::response> signed_by_us(http::request& r, http::next next) {
    http::response answer = co_await next(r);
    answer.headers().set("X-Made-By", "weft");
    co_return answer;
}

/// A client by hand: what curl would show of it.
task<> ask(std::uint16_t port, std::string method, std::string path, std::string body) {
    weft::stream s = co_await weft::open_connection("127.0.0.1", port);
    const std::string length = std::to_string(body.size());
    co_await s.write(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                     length + "\r\n\r\n" + body);
    const std::string answer = co_await s.read_all();
    const std::string first_line = answer.substr(0, answer.find("\r\n"));
    std::printf("%s %s -> %s: %s", method.c_str(), path.c_str(), first_line.c_str(),
                answer.substr(answer.find("\r\n\r\n") + 4).c_str());
}

task<> main_task() {
    http::router routes;
    routes.use(signed_by_us);
    routes.get("/", hello);
    routes.get("/users/{id:int}", user, {.name = "user"});
    routes.post("/shout", shout);
    std::printf("a link: %s\n", routes.url_for("user", {{"id", "1"}}).c_str());

    http::server server(std::move(routes), {.port = 0});
    co_await server.start();
    co_await ask(server.port(), "GET", "/", "");
    co_await ask(server.port(), "GET", "/users/1", "");
    co_await ask(server.port(), "GET", "/users/17", "");
    co_await ask(server.port(), "POST", "/shout", "quietly");
    co_await ask(server.port(), "DELETE", "/", "");
}

}  // namespace

int main() { weft::run(main_task()); }
