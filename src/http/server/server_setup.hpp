// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/server/host_list.hpp"
#include "http/server/trusted_proxies.hpp"

#include <weft/http/handler.hpp>
#include <weft/http/server.hpp>

#include <cstddef>
#include <optional>

namespace weft::inline v0::http {

/// What a server was told, for all its threads: nothing of it changes any more.
struct server_setup {
    /// @throws std::invalid_argument
    server_setup(handler answers, server_options options);

    /// Of max_connections: of all threads together exactly so many. @param thread  0 .. options.threads - 1
    std::optional<std::size_t> share_of(unsigned thread) const noexcept;

    handler answers;
    server_options options;  // threads: as many as serve
    host_list hosts;
    trusted_proxies proxies;
};

}  // namespace weft::inline v0::http
