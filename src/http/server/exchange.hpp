// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/message/chunked_decoder.hpp"
#include "http/message/head_parser.hpp"
#include "http/server/request_core.hpp"

#include <string>

namespace weft::inline v0::http {

/// A request, its answer, and the memory that they take. It passes from connection to connection: one that is idle has none.
struct exchange {
    explicit exchange(const head_limits& limits) noexcept : parser(limits) {}

    head_parser parser;
    request_core request;
    chunked_decoder decoder;
    std::string output;  // what was answered and not given to the stream yet
};

}  // namespace weft::inline v0::http
