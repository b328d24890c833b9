// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/client_error.hpp>
#include <weft/http/client_options.hpp>
#include <weft/http/client_response.hpp>
#include <weft/http/cookie_jar.hpp>
#include <weft/http/method.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace weft::inline v0::http {

class client_core;

/// Asks HTTP servers, over HTTP/1.1.
///
///     http::client client;
///     http::client_response r = co_await client.get("https://example.org/users", {.query = page});
///     r.raise_for_status();
///     std::string text = co_await r.text();
///
/// It keeps connections open for further requests, follows redirects, keeps cookies, decompresses gzip and deflate, verifies
/// certificates, and gives up what takes too long. A redirect to another origin is sent neither Authorization nor Cookie
/// nor Proxy-Authorization of the request's own.
///
/// One for each loop, made once. Any number of requests at a time; what is under way when it is destroyed goes on.
/// @thread its loop's  @see aiohttp.ClientSession, requests.Session, httpx.AsyncClient
class client {
public:
    /// @throws std::invalid_argument  base_url or a proxy's URL is none
    explicit client(client_options options = {});
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;
    ~client();

    /// @param url  of http or https; `user:password@` in it is sent as "Authorization: Basic …"
    /// @throws awaited: std::invalid_argument  it is no URL, or a header is the client's own (Content-Length,
    ///     Transfer-Encoding); client_error; timeout_error; std::system_error (connect_error, resolve_error, tls_error, …);
    ///     what the body's producer throws
    /// @cancel at any time; its connection is closed, a place in the line is the next one's
    task<client_response> request(method m, std::string url, request_options options = {});

    task<client_response> get(std::string url, request_options o = {});
    task<client_response> head(std::string url, request_options o = {});
    task<client_response> del(std::string url, request_options o = {});
    task<client_response> options(std::string url, request_options o = {});
    task<client_response> post(std::string url, request_body body, request_options o = {});
    task<client_response> put(std::string url, request_body body, request_options o = {});
    task<client_response> patch(std::string url, request_body body, request_options o = {});

    /// The cookies that there are; empty if they are not kept.
    cookie_jar& cookies() noexcept;
    /// Connections that are open or being opened, and those among them that no request uses.
    std::size_t connections() const noexcept;
    std::size_t idle_connections() const noexcept;
    /// Closes the connections that no request uses.
    void close_idle() noexcept;

private:
    task<client_response> send(method m, std::string url, request_body body, request_options o);
    static task<client_response> ask(std::shared_ptr<client_core> core, method m, std::string url, request_options o);

    std::shared_ptr<client_core> core_;
};

}  // namespace weft::inline v0::http
