// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0::http {

struct cors_options {
    /// Who may ask from a browser: "https://app.example.org", or "*" for all.
    std::vector<std::string> origins = {};
    std::vector<std::string> methods = {"GET", "HEAD", "POST"};
    /// Request fields beyond those that browsers may send to anybody.
    std::vector<std::string> headers = {};
    /// Response fields that scripts may see.
    std::vector<std::string> exposed = {};
    /// Cookies and credentials may come along; not with "*".
    bool credentials = false;
    /// How long a browser may remember what it was told.
    std::chrono::seconds max_age = std::chrono::minutes(10);
};

/// Middleware: tells browsers which pages of other origins may use what is here, and answers their preflight requests.
/// It keeps nobody else from anything. @throws std::invalid_argument  credentials with "*"
/// @see https://fetch.spec.whatwg.org/#http-cors-protocol
middleware cors(cors_options options);

}  // namespace weft::inline v0::http
