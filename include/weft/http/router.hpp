// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::inline v0::http {

class route_tree;

/// How a route's handler is called.
struct route_options {
    /// For url_for().
    std::string name = {};
    /// In place of the server's limit for the body.
    std::optional<std::uint64_t> body_limit = std::nullopt;
};

/// Finds the handler for a request: by path, then by method.
///
///     http::router routes;
///     routes.get("/", index);
///     routes.get("/users/{id:int}", user, {.name = "user"});
///     routes.mount("/api", std::move(api));
///
/// In a path "{name}" stands for one segment, "{name:int}" for one that is a decimal number, "{name:path}", at the end,
/// for all that is left. What is written out goes before what is a number, that before any segment, and that before the
/// rest, whatever the order in which routes were added.
/// HEAD is answered by GET's handler, and OPTIONS by what there is; for a path without the method asked for the answer is 405
/// with Allow, for none at all 404.
/// It is built before it serves, and not changed then. @see tornado.web.Application, starlette.routing.Router
class router {
public:
    router();
    router(router&&) noexcept;
    router& operator=(router&&) noexcept;
    ~router();

    /// @throws std::invalid_argument  the path does not begin with "/", or makes no sense; the route is there already
    void add(method m, std::string_view path, route_handler answers, route_options options = {});
    void get(std::string_view path, route_handler h, route_options o = {}) {
        add(method::get, path, std::move(h), std::move(o));
    }
    void post(std::string_view path, route_handler h, route_options o = {}) {
        add(method::post, path, std::move(h), std::move(o));
    }
    void put(std::string_view path, route_handler h, route_options o = {}) {
        add(method::put, path, std::move(h), std::move(o));
    }
    void patch(std::string_view path, route_handler h, route_options o = {}) {
        add(method::patch, path, std::move(h), std::move(o));
    }
    void del(std::string_view path, route_handler h, route_options o = {}) {
        add(method::delete_, path, std::move(h), std::move(o));
    }

    /// The routes of another one below `prefix`, with its own middleware around them.
    /// @throws std::invalid_argument  as add()
    void mount(std::string_view prefix, router below);

    /// Around every answer of this router, 404 and 405 among them; the first is the outermost.
    void use(middleware m);

    /// The path of the route of that name: url_for("user", {{"id", "17"}}) is "/users/17". Values are percent-encoded.
    /// @throws std::out_of_range  no such route; std::invalid_argument  a parameter is missing, or does not fit
    std::string url_for(std::string_view name,
                        std::initializer_list<std::pair<std::string_view, std::string_view>> parameters = {}) const;

    /// Answers a request. @throws awaited: http_error (404, 405), what the handler throws
    task<response> operator()(request& r) const;

private:
    friend class next;
    friend class route_tree;
    task<response> answer(request& r, std::size_t middleware_index) const;
    std::unique_ptr<route_tree> tree_;
    std::vector<middleware> middleware_;
};

}  // namespace weft::inline v0::http
