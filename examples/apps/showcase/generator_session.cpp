// SPDX-License-Identifier: Apache-2.0
#include "generator_session.hpp"

#include "json.hpp"
#include "shown_path.hpp"

#include <weft/http/http_error.hpp>

#include <algorithm>
#include <charconv>
#include <exception>
#include <iterator>
#include <random>
#include <stdexcept>
#include <utility>

namespace http = weft::http;
using namespace std::chrono_literals;

namespace showcase {

namespace {

constexpr std::size_t most_sessions = 100;
constexpr std::size_t most_steps = 1000;
constexpr auto kept_for = 10min;
constexpr std::int64_t largest = 1'000'000;
constexpr std::uint64_t longest_body = 64;

/// Hard to guess: who knows it may step the generator.
std::string new_id() {
    std::random_device random;
    std::string id;
    for (int i = 0; i < 4; ++i) {
        char digits[8];
        id.append(digits, std::to_chars(digits, std::end(digits), random(), 16).ptr) += 'g';
    }
    return id;
}

std::int64_t to_number(const std::string& text) {
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size() || n < -largest || n > largest)
        throw http::http_error(http::status::unprocessable_content, "send a whole number, up to a million");
    return n;
}

const char* to_string(weft::generator_state s) {
    constexpr const char* names[] = {"created", "running", "suspended", "closed"};
    return names[static_cast<int>(s)];
}

/// What a step has led to: "yielded" and what, "raised" and why.
struct outcome {
    std::string event, value;
};

/// Does to the generator what the visitor wants done. Whatever comes out of it is an outcome.
outcome do_to(steppable& g, std::string_view verb, const std::string& body) {
    const auto came = [&g](const std::optional<std::int64_t>& element) -> outcome {
        if (element) return {"yielded", std::to_string(*element)};
        try {
            return {"returned", std::to_string(g.result())};
        } catch (const weft::invalid_state_error&) {
            return {"ended", ""};  // it was closed, or has failed before
        }
    };
    try {
        if (verb == "next") return came(g.next());
        if (verb == "send") return came(g.send(to_number(body)));
        if (verb == "throw") return came(g.raise(std::runtime_error(body.empty() ? "thrown in" : body)));
        if (verb == "close") return g.close(), outcome{"closed", ""};
    } catch (const http::http_error&) {
        throw;
    } catch (const std::exception& e) {
        return {"raised", e.what()};
    }
    throw http::http_error(http::status::not_found, "next, send, throw and close are what there is");
}

}  // namespace

http::router generator_sessions::routes() {
    http::router r;
    r.get("/", [](http::request&) -> weft::task<http::response> {
        co_return http::response::json(json_array(kinds_of_generator, [](const kind_of_generator& k) {
            return json_object().text("name", k.name).text("says", k.says).take();
        }));
    });
    r.post("/{kind}",
           [this](http::request& asked) -> weft::task<http::response> { co_return begin(asked.parameter("kind")); });
    r.post("/{id}/{verb}",
           [this](http::request& asked) -> weft::task<http::response> {
               const std::string body = co_await asked.body();
               co_return step(asked.parameter("id"), asked.parameter("verb"), body);
           },
           {.body_limit = longest_body});
    return r;
}

http::response generator_sessions::begin(std::string_view name) {
    const auto kind = std::ranges::find(kinds_of_generator, name, &kind_of_generator::name);
    if (kind == std::end(kinds_of_generator)) throw http::http_error(http::status::not_found, "no such generator");
    put_away_unused();
    const std::string id = new_id();
    session& s = sessions_[id];
    s.kind = kind->name;
    s.used = clock::now();
    s.generator = kind->begin(s.said);
    return describe(id, s, "created", "");
}

http::response generator_sessions::step(std::string_view id, std::string_view verb, const std::string& body) {
    session& s = find(id);
    if (++s.steps > most_steps) throw http::http_error(http::status::too_many_requests, "it is tired: begin another");
    s.used = clock::now();
    s.said.clear();
    const auto [event, value] = do_to(s.generator, verb, body);
    return describe(id, s, event, value);
}

/// What the page shows of it.
http::response generator_sessions::describe(std::string_view id, const session& s, std::string_view event,
                                            std::string_view value) {
    return http::response::json(json_object()
                                    .text("id", id)
                                    .text("kind", s.kind)
                                    .text("event", event)
                                    .text("value", value)
                                    .text("state", to_string(s.generator.state()))
                                    .flag("delegating", s.generator.delegating())
                                    .raw("frames", json_array(s.generator.frames(), frame_to_json))
                                    .raw("said", json_array(s.said, weft::json_string))
                                    .take());
}

generator_sessions::session& generator_sessions::find(std::string_view id) {
    const auto found = sessions_.find(std::string(id));
    if (found == sessions_.end())
        throw http::http_error(http::status::not_found, "this generator has been put away: begin another");
    return found->second;
}

/// Those that nobody has stepped for long; and if there are as many as there may be, the one that has waited longest.
void generator_sessions::put_away_unused() {
    std::erase_if(sessions_, [now = clock::now()](const auto& each) { return now - each.second.used > kept_for; });
    if (sessions_.size() < most_sessions) return;
    sessions_.erase(std::ranges::min_element(sessions_, {}, [](const auto& each) { return each.second.used; }));
}

}  // namespace showcase
