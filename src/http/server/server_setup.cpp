// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_setup.hpp"

#include <algorithm>
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
    // One without a share would listen all the same, and what the kernel gives it would wait for ever.
    if (options.max_connections && *options.max_connections < options.threads)
        options.threads = std::max(1u, static_cast<unsigned>(*options.max_connections));
}

std::optional<std::size_t> server_setup::share_of(unsigned thread) const noexcept {
    if (!options.max_connections) return std::nullopt;
    const std::size_t rest = *options.max_connections % options.threads;
    return *options.max_connections / options.threads + (thread < rest ? 1 : 0);
}

}  // namespace weft::inline v0::http
