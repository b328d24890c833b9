// SPDX-License-Identifier: Apache-2.0
// A server that other people's clients visit: on a port of 127.0.0.1, and in real time, for they take their own.
#pragma once

#include "io/temporary_folder.hpp"
#include "tls/child.hpp"

#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/http/static_files.hpp>
#include <weft/weft.hpp>

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <utility>

namespace weft_test {

namespace http = weft::http;

/// What there is to visit; below "/files/" what is in `folder`.
inline http::router what_there_is(const temporary_folder& folder) {
    const auto echo = [](http::request& r) -> weft::task<http::response> {
        co_return http::response(http::status::ok, co_await r.body());
    };
    const auto framing = [](http::request& r) -> weft::task<http::response> {
        const auto length = r.content_length();
        const std::string how = length ? std::to_string(*length) + " bytes" : r.has_body() ? "chunks" : "nothing";
        const std::string body = co_await r.body();
        co_return http::response::text(how + ": " + std::to_string(body.size()));
    };
    const auto writes = [](http::body_writer& to) -> weft::task<> {
        for (int i = 0; i < 1000; ++i) {
            co_await to.write("0123456789");
            if (i % 100 == 0) co_await to.flush();
        }
    };
    const auto written = [writes](http::request&) -> weft::task<http::response> {
        co_return http::response::stream(writes, "text/plain");
    };
    http::router routes;
    routes.get("/", [](http::request&) -> weft::task<http::response> { co_return http::response::text("hello\n"); });
    routes.post("/echo", echo, {.body_limit = 64 << 20});
    routes.put("/echo", echo, {.body_limit = 64 << 20});
    routes.post("/framing", framing, {.body_limit = 64 << 20});
    routes.put("/small", echo, {.body_limit = 1024});
    routes.get("/written", written);
    routes.get("/files/{file:path}", http::static_files(folder.path()));
    return routes;
}

/// Given the server, which listens, and its URL without a slash at the end.
using visit = std::function<weft::task<>(http::server&, std::string)>;

inline weft::task<> is_visited(http::router routes, http::server_options options, visit by) {
    options.port = 0;
    const std::string scheme = options.tls ? "https://localhost:" : "http://127.0.0.1:";
    http::server server(std::move(routes), std::move(options));
    co_await server.start();
    co_await by(server, scheme + std::to_string(server.port()));
    server.close();
    co_await server.wait_closed();
    EXPECT_EQ(server.connections(), 0u);
}
inline void run_visit(http::router routes, http::server_options options, visit by) {
    weft::run(
        weft::wait_for(is_visited(std::move(routes), std::move(options), std::move(by)), std::chrono::seconds(40)));
}

/// What a shell command says, on either output, in which "$U" stands for the URL and "$F" for the folder.
inline weft::task<said> shell(std::string command, std::string url, const temporary_folder& folder) {
    child c("env U=" + url + " F=" + folder.path() + " sh -c '" + std::move(command) + "'");
    co_return co_await c.end();
}

/// Commands, and what each must say.
struct shell_table {
    struct row {
        std::string command, expected;
    };
    const temporary_folder& folder;
    std::string url;

    weft::task<> check(std::vector<row> rows) const {
        for (const row& each : rows) {
            const said all = co_await shell(each.command, url, folder);
            EXPECT_THAT(all.text, testing::HasSubstr(each.expected)) << each.command;
            EXPECT_EQ(all.status, 0) << each.command << "\n" << all.text;
        }
    }
};

}  // namespace weft_test
