// SPDX-License-Identifier: Apache-2.0
#include "http/server_setup.hpp"

#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

server_setup::server_setup(handler h, server_options o)
    : answers(std::move(h)),
      options(std::move(o)),
      hosts(options.hosts),
      proxies(options.trusted_proxies, options.proxy_fields) {
    if (!answers) throw std::invalid_argument("http::server: it is given an empty handler");
    if (options.threads == 0) throw std::invalid_argument("http::server: it serves on at least one thread");
}

}  // namespace weft::inline v0::http
