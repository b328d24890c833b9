// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_error.hpp>
#include <weft/http/status.hpp>
#include <weft/http/url.hpp>
#include <weft/io/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

class client_exchange;

/// The answer to a client's request: its head is there, its body comes as it is read.
///
/// Read to its end, or if the rest of the body is there already, its connection serves further requests; else that is
/// closed. It may outlive its client.
/// @thread its loop's; one task reads  @see aiohttp.ClientResponse, requests.Response
class client_response {
public:
    client_response(client_response&&) noexcept;
    client_response& operator=(client_response&&) noexcept;
    ~client_response();

    http::status status() const noexcept;
    /// As the server put it; may be empty.
    std::string_view reason() const noexcept;
    const http::headers& headers() const noexcept;
    /// The first field of that name; empty if there is none.
    std::string_view header(std::string_view name) const noexcept { return headers().get(name).value_or(""); }
    /// Whose answer this is: the last one of the redirects that were followed.
    const http::url& url() const noexcept;
    /// Those before it, the one asked for first.
    const std::vector<http::url>& history() const noexcept;

    /// A status below 400.
    bool ok() const noexcept { return !is_error(status()); }
    /// @throws response_error  for a status of 400 and more: "404 Not Found for GET https://example.org/a"
    void raise_for_status() const;

    /// How long the body is as it is given, if that was said beforehand.
    std::optional<std::uint64_t> content_length() const noexcept;
    /// At least one byte of the body, at most `buffer.size()`; 0 at its end.
    /// @throws client_error, timeout_error, std::system_error  @cancel no byte is lost
    task<std::size_t> read_some(std::span<std::byte> buffer);
    /// At most `max` bytes; empty at its end. @throws as read_some()
    task<std::string> read(std::size_t max);
    /// All that is left of it. @throws as read_some(); client_error (too_large)  above client_limits::body_bytes
    task<std::string> text();
    /// Writes all that is left of it to a file, in place of what was in there.
    /// @return awaited: how many bytes  @throws awaited: as read_some() and file::write(); what came is in the file then
    task<std::uint64_t> save(std::string path);
    /// Ends the connection, unless the body is over: nobody wants the rest.
    void close() noexcept;

    /// After 101: the connection, which goes on in the protocol that the request's Upgrade asked for.
    /// @throws invalid_state_error  the status is another one, or it was taken before
    stream take_stream();

private:
    friend class client;
    explicit client_response(std::unique_ptr<client_exchange> exchange) noexcept;
    std::unique_ptr<client_exchange> exchange_;
};

}  // namespace weft::inline v0::http
