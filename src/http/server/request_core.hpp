// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/message/message_head.hpp"

#include <weft/http/request.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

namespace weft::inline v0::http {

struct endpoint;
class multipart_body;
struct route;

/// Where a request's body comes from.
class body_source {
public:
    virtual task<std::size_t> read_some(std::span<std::byte> buffer) = 0;
    virtual task<std::string> read_all() = 0;
    virtual address peer() const = 0;
    virtual bool is_secure() const noexcept = 0;

protected:
    ~body_source() = default;
};

/// What a `request` tells of. Its memory serves request after request.
class request_core {
public:
    request_core() noexcept : facade(*this) {}
    request_core(const request_core&) = delete;
    request_core& operator=(const request_core&) = delete;
    ~request_core() { end(); }
    static request_core& of(request& r) noexcept { return *r.core_; }
    static const request_core& of(const request& r) noexcept { return *r.core_; }

    /// The head is there: what it says is taken apart. @return false: its path makes no sense
    bool begin(body_source& from, std::uint64_t limit_bytes);
    /// It is over: what was its own goes.
    void end() noexcept;

    request facade;
    request_head head;
    std::string decoded_path;  // if it differs from what was sent
    std::string_view path;

    body_source* source = nullptr;
    std::uint64_t body_limit = 0;
    mutable std::optional<address> client;  // asked for when it is wanted

    // Taken apart when it is wanted
    mutable std::optional<http::form> query_params;
    mutable std::optional<http::cookies> cookies;

    std::shared_ptr<multipart_body> form;  // that the body is being read as
    std::string unread;  // what was put back, from `unread_at` on
    std::size_t unread_at = 0;

    // What the router has found
    const route* found = nullptr;
    const endpoint* answering = nullptr;
    std::vector<std::string_view> values;  // of the route's parameters

    std::vector<std::pair<std::type_index, std::shared_ptr<void>>> locals;
    headers error_headers;  // what middleware gives the page of an error
};

}  // namespace weft::inline v0::http
