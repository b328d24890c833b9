// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/websocket/websocket_deflate.hpp"

#include <weft/http/websocket_options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Sec-WebSocket-Extensions: RFC 6455 9.1, and what RFC 7692 7.1 has in it.

namespace weft::inline v0::http {

/// An extension as the field has it: its name, and parameters with or without values, in lower case.
struct websocket_extension {
    struct parameter {
        std::string name;
        std::optional<std::string> value;
    };
    std::string name;
    std::vector<parameter> parameters;
};

/// @return empty: the field is not made as the RFC has it
std::optional<std::vector<websocket_extension>> parse_extensions(std::string_view field);

/// What was agreed on, from one side's view.
struct deflate_agreement {
    deflate_direction own, peer;
};

/// What a server answers to offers.
struct deflate_answer {
    deflate_agreement agreed;
    std::string field;
};
/// The first offer of permessage-deflate that can be taken. @return empty: there is none
std::optional<deflate_answer> answer_offers(const std::vector<websocket_extension>& offers,
                                            const websocket_compression& wanted);

/// What a client offers; empty: nothing.
std::string offer_deflate(const websocket_compression& wanted);
/// @return empty: a server that was offered `wanted` must not answer so
std::optional<deflate_agreement> check_answer(const websocket_extension& answer, const websocket_compression& wanted);

}  // namespace weft::inline v0::http
