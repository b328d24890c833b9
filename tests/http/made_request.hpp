// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/message/head_parser.hpp"
#include "http/server/request_core.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

// A request without a server: a head, and nothing behind it.

namespace weft_test {

class made_request final : private weft::http::body_source {
public:
    /// @param fields  lines that end in CRLF
    explicit made_request(std::string_view fields = {}, bool is_secure = false, std::string_view target = "/",
                          std::string_view method = "GET")
        : is_secure_(is_secure) {
        const std::string head =
            std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
        weft::http::head_parser parser;
        if (parser.parse(head, core_.head) != weft::http::head_parser::result::complete)
            throw std::invalid_argument("no head: " + head);
        core_.begin(*this, 0);
    }

    weft::http::request& operator*() noexcept { return core_.facade; }
    weft::http::request* operator->() noexcept { return &core_.facade; }

private:
    weft::task<std::size_t> read_some(std::span<std::byte>) override { co_return 0; }
    weft::task<std::string> read_all() override { co_return std::string(); }
    weft::address peer() const override { return {}; }
    bool is_secure() const noexcept override { return is_secure_; }

    weft::http::request_core core_;
    bool is_secure_;
};

}  // namespace weft_test
