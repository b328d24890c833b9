// SPDX-License-Identifier: Apache-2.0
// HTTPS by hand: a GET request over TLS, and what a client does not put up with. With a host and a path it asks the
// real world: 35_https_get example.org /
//
//     context = ssl.create_default_context(cafile="ca.pem")
//     reader, writer = await asyncio.open_connection(host, port, ssl=context)
//     writer.write(b"GET / HTTP/1.1\r\n…")
//     page = await reader.read()
#include "localhost_certificate.hpp"

#include <weft/weft.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

weft::task<std::string> get(std::string host, std::uint16_t port, std::string path, weft::tls_context context,
                            std::string name = {}) {
    auto s = co_await weft::open_connection(host, port, {.tls = context, .server_hostname = name});
    co_await s.write("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    std::string page = co_await s.read_all();  // a connection cut short would throw: no attacker can shorten a page
    co_await s.close();
    co_return page;
}

weft::task<> serve_page(weft::stream s) {
    const auto request = co_await s.read_line();
    while (!(co_await s.read_line()).value_or("").empty()) {
    }  // the headers
    co_await s.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nyou asked: " + request.value_or("nothing") + "\n");
    co_await s.close();
}

weft::task<> against_a_server_of_ours() {
    // Both ends are here, and so are two failures on the server's side.
    weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto own = weft::tls_context::server({.certificate_pem = localhost_certificate, .key_pem = localhost_key});
    auto server = co_await weft::start_server(serve_page, "127.0.0.1", 0, {.tls = own});

    const auto trusting = weft::tls_context::client({.ca_pem = localhost_certificate});
    const std::string page = co_await get("localhost", server.port(), "/hello", trusting);
    std::fputs(page.substr(page.find("\r\n\r\n") + 4).c_str(), stdout);

    for (const auto& [context, name] :
         {std::pair(weft::tls_context::client(), "localhost"), std::pair(trusting, "example.org")}) {
        try {
            co_await get("localhost", server.port(), "/", context, name);
        } catch (const weft::tls_error& e) {
            std::printf("as %s: %s\n", name, e.code().message().c_str());
        }
    }
}

int main(int argc, char** argv) {
    if (argc < 3) {
        weft::run(against_a_server_of_ours());
    } else {
        const std::string page = weft::run(get(argv[1], 443, argv[2], weft::tls_context::client()));
        std::fputs(page.c_str(), stdout);
    }
}
