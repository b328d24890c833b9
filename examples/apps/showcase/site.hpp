// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "chat.hpp"
#include "generator_session.hpp"
#include "live.hpp"
#include "traffic.hpp"
#include "work.hpp"

#include <weft/http/router.hpp>

namespace showcase {

/// All that the page is served from. @thread the loop's; outlives the server
class site {
public:
    weft::http::router routes();

private:
    traffic traffic_;
    workshop workshop_;
    chat chat_;
    generator_sessions generators_;
    live_view live_{traffic_, workshop_, chat_};
};

}  // namespace showcase
