// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/router.hpp>

#include <span>
#include <string_view>

namespace showcase {

class recorder;

/// A step of the story: a program as in examples/story, which puts on record what it does.
struct story_step {
    std::string_view name;  ///< as of its program: "04_generator"
    std::string_view says;
    void (*play)(recorder&);  ///< on any thread that runs no loop
    std::string_view source;  ///< the file in which it is, as the page has it
};

std::span<const story_step> steps_with_requests();
std::span<const story_step> steps_with_wrappers();
std::span<const story_step> steps_with_generators();
std::span<const story_step> steps_from_inside();
std::span<const story_step> steps_with_servers();
std::span<const story_step> steps_with_loops();
std::span<const story_step> steps_with_chains();
std::span<const story_step> steps_with_coroutines();

/// GET / lists the steps; POST /{name} runs one, and says what happened.
weft::http::router story_routes();

}  // namespace showcase
