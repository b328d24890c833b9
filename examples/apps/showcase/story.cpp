// SPDX-License-Identifier: Apache-2.0
#include "story.hpp"

#include "json.hpp"
#include "recorder.hpp"

#include <weft/http/http_error.hpp>
#include <weft/weft.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace http = weft::http;

namespace showcase {

namespace {

/// Each has a thread meanwhile, and some a loop of their own.
constexpr std::size_t most_at_once = 2;

const std::vector<story_step>& all_steps() {
    static const auto all = [] {
        std::vector<story_step> steps;
        for (const auto part :
             {steps_with_requests(), steps_with_wrappers(), steps_with_generators(), steps_from_inside(),
              steps_with_servers(), steps_with_loops(), steps_with_chains(), steps_with_coroutines()}) {
            steps.insert(steps.end(), part.begin(), part.end());
        }
        std::ranges::sort(steps, {}, &story_step::name);  // as the story goes
        return steps;
    }();
    return all;
}

std::string to_json(const recorder::event& e) {
    return json_object()
        .number("at_us", std::chrono::duration_cast<std::chrono::microseconds>(e.at).count())
        .text("lane", e.lane)
        .text("verb", e.verb)
        .text("text", e.text)
        .number("line", e.line)
        .take();
}

weft::task<http::response> play(weft::semaphore& places, std::string_view name) {
    const auto step = std::ranges::find(all_steps(), name, &story_step::name);
    if (step == all_steps().end()) throw http::http_error(http::status::not_found, "the story has no such step");
    const auto place = co_await places.acquire();
    // Shared: the thread goes on with it even if the visitor has gone meanwhile.
    const auto record = std::make_shared<recorder>();
    co_await weft::to_thread([record, run = step->play] { run(*record); });
    co_return http::response::json(json_object()
                                       .text("name", step->name)
                                       .text("says", step->says)
                                       .text("source", step->source)
                                       .raw("events", json_array(record->events(), to_json))
                                       .take());
}

}  // namespace

http::router story_routes() {
    http::router r;
    r.get("/", [](http::request&) -> weft::task<http::response> {
        co_return http::response::json(json_array(all_steps(), [](const story_step& s) {
            return json_object().text("name", s.name).text("says", s.says).take();
        }));
    });
    r.post("/{name}", [places = std::make_shared<weft::semaphore>(most_at_once)](http::request& asked) {
        return play(*places, asked.parameter("name"));
    });
    return r;
}

}  // namespace showcase
