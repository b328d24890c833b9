// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "generators.hpp"

#include <weft/http/router.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>

namespace showcase {

/// Generators that visitors hold: each is suspended here, between one request and the next, until its visitor closes it or
/// stays away for long. @thread the loop's
class generator_sessions {
public:
    /// GET / lists the kinds. POST /{kind} begins one, and its id is its key; POST /{id}/next, /send, /throw and /close step
    /// it. What is sent or thrown is the body.
    weft::http::router routes();

private:
    using clock = std::chrono::steady_clock;
    struct session {
        std::string_view kind;
        notes said;  // before what refers to it
        steppable generator;
        clock::time_point used;
        std::size_t steps = 0;
    };

    weft::http::response begin(std::string_view kind);
    weft::http::response step(std::string_view id, std::string_view verb, const std::string& body);
    static weft::http::response describe(std::string_view id, const session& s, std::string_view event,
                                         std::string_view value);
    session& find(std::string_view id);
    void put_away_unused();

    std::unordered_map<std::string, session> sessions_;  // a node each: what refers to one's notes stays valid
};

}  // namespace showcase
