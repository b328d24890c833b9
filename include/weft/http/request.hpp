// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/http/cookies.hpp>
#include <weft/http/form.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_error.hpp>
#include <weft/http/method.hpp>
#include <weft/http/multipart_reader.hpp>
#include <weft/io/address.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <typeindex>

namespace weft::inline v0::http {

class request_core;
class signer;

/// A request that a handler answers. It lives until its response has been sent; what it tells of are views that live as
/// long.
///
/// The task that runs the handler is cancelled when the client goes away (it resets the connection, or ends its direction
/// before the response has begun).
/// @thread its loop's  @see tornado.web.RequestHandler.request, starlette.requests.Request
class request {
public:
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    http::method method() const noexcept;
    /// As it was sent: "/a%20b?c=d".
    std::string_view target() const noexcept;
    /// Without the query, percent-decoded, its dot segments resolved: "/a b". Within a mounted router still the whole.
    std::string_view path() const noexcept;
    /// Behind the "?", as it was sent; empty if there is none.
    std::string_view query() const noexcept;
    /// The same as names and values: `r.query_params().get_or("page", 1)`.
    /// @throws http_error (400)  it is malformed; (413)  too many names  @cost taken apart at the first call
    const http::form& query_params() const;
    const http::headers& headers() const noexcept;
    /// The first field of that name; empty if there is none.
    std::string_view header(std::string_view name) const noexcept { return headers().get(name).value_or(""); }
    /// What the client brings back. @cost taken apart at the first call
    const http::cookies& cookies() const;
    /// The first cookie of that name; empty if there is none.
    std::string_view cookie(std::string_view name) const { return cookies().get(name).value_or(""); }
    /// The value of a cookie that response::set_signed_cookie() gave to this client or another.
    /// @return empty: there is none that was signed so, by one of the keys, and has not expired  @cost HMAC-SHA256 per key
    std::optional<std::string> signed_cookie(const signer& by, std::string_view name) const;
    /// 1 or 0, of HTTP/1.
    unsigned minor_version() const noexcept;

    /// What stands in the path for a parameter of the route: of "/users/{id:int}" and "/users/17" "17".
    /// @throws std::out_of_range  the route has no such parameter
    std::string_view parameter(std::string_view name) const;
    /// The same as a number. @throws http_error (404)  it does not fit into a `T`
    template <std::integral T>
    T parameter(std::string_view name) const {
        const std::string_view text = parameter(name);
        T value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size()) throw http_error(status::not_found);
        return value;
    }
    /// The route that answers: "/users/{id:int}"; empty if none does. For metrics and logs.
    std::string_view route() const noexcept;

    /// Who sent it: the peer of the connection, or whom a trusted proxy names.
    const address& client() const;
    /// "https" over TLS, or if a trusted proxy says so.
    std::string_view scheme() const noexcept;
    /// Of the Host field, or of the target: "example.org:8000".
    std::string_view host() const noexcept;

    // The body. One task reads it, once. It may be left unread: then it is dropped, or if it is long the connection is.

    bool has_body() const noexcept;
    /// Its size, if it was said beforehand.
    std::optional<std::uint64_t> content_length() const noexcept;
    /// All of it.
    /// @throws http_error (413)  above the limit; (408) too slow; std::system_error  the connection is lost
    task<std::string> body();
    /// At least one byte of it, at most `buffer.size()`; 0 at its end. @throws as body()
    task<std::size_t> read_some(std::span<std::byte> buffer);
    /// For this request, in place of the server's limit.
    void set_body_limit(std::uint64_t bytes) noexcept;
    /// Gives bytes of the body back: they are what is read next. For middleware that has looked at them.
    void put_back(std::string bytes);

    /// The body as a form without files (application/x-www-form-urlencoded).
    /// @throws awaited: http_error (415)  it is something else; (400)  it is malformed; (413)  too many fields; as body();
    ///     invalid_state_error  it has been read already
    task<http::form> form(std::size_t max_fields = http::form::default_max_fields);
    /// The body as a form with files (multipart/form-data), part after part.
    /// @throws awaited: http_error (415)  it is something else; (400)  it has no boundary; invalid_state_error  it has been
    ///     asked for already
    task<multipart_reader> multipart(multipart_limits limits = {});
    /// The fields of either kind of form, in memory; one with a file in it is refused.
    /// @throws awaited: as form(), multipart_reader::next(); http_error (422)  a file
    task<http::form> any_form(std::size_t max_fields = http::form::default_max_fields);

    // What middleware leaves for handlers

    /// Go with the error page, should there be one in place of an answer: for middleware that gives every answer something.
    ///
    ///     r.error_headers().set("X-Frame-Options", "DENY");
    ///     http::response answer = co_await next(r);
    ///     answer.headers().set("X-Frame-Options", "DENY");
    http::headers& error_headers() noexcept;

    /// A `T` of the request's own, made at its first use; for the types that middleware and handlers agree on.
    template <class T>
    T& local() {
        if (void* const there = find_local(typeid(T))) return *static_cast<T*>(there);
        auto made = std::make_shared<T>();
        T& value = *made;
        add_local(typeid(T), std::move(made));
        return value;
    }

private:
    friend class request_core;
    explicit request(request_core& core) noexcept : core_(&core) {}
    void* find_local(std::type_index type) const noexcept;
    void add_local(std::type_index type, std::shared_ptr<void> value);

    request_core* core_;
};

}  // namespace weft::inline v0::http
