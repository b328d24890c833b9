// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/host_list.hpp"
#include "http/trusted_proxies.hpp"

#include <weft/http/handler.hpp>
#include <weft/http/server.hpp>

namespace weft::inline v0::http {

/// What a server was told, for all its threads: nothing of it changes any more.
struct server_setup {
    /// @throws std::invalid_argument
    server_setup(handler answers, server_options options);

    handler answers;
    server_options options;
    host_list hosts;
    trusted_proxies proxies;
};

}  // namespace weft::inline v0::http
