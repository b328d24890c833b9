// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/client/client_core.hpp"
#include "http/client/client_exchange.hpp"

#include <weft/http/client_options.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>

#include <memory>
#include <string>
#include <vector>

namespace weft::inline v0::http {

/// One request of a program's, to the head of the response that counts: with its redirects and its retries.
class client_call {
public:
    /// @throws std::invalid_argument  no URL; headers that are not the caller's to set
    client_call(std::shared_ptr<client_core> core, method m, const std::string& reference, request_options options);

    task<std::unique_ptr<client_exchange>> run();

private:
    /// What is known of an attempt that failed.
    struct attempt {
        bool needs_new_connection = false;
        bool was_on_used_connection = false;
        bool can_be_repeated = true;
    };
    task<std::unique_ptr<client_exchange>> ask();
    task<std::unique_ptr<client_exchange>> ask_once(attempt& a);
    outgoing_request make_request(const url* proxy);
    bool is_redirect(const response_head& head) const noexcept;
    void follow(const response_head& head);
    void keep_cookies(const response_head& head);
    std::string name() const;

    std::shared_ptr<client_core> core_;
    request_options options_;
    method method_;
    url url_;
    client_deadline deadline_;
    std::vector<url> history_;
    unsigned redirects_left_;
    bool body_is_gone_ = false;  // written while it was sent: it cannot be had again
};

}  // namespace weft::inline v0::http
