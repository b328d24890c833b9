// SPDX-License-Identifier: Apache-2.0
#include "work.hpp"

#include "json.hpp"
#include "kinds_of_work.hpp"
#include "shown_path.hpp"

#include <weft/coro/format_exception.hpp>
#include <weft/http/http_error.hpp>
#include <weft/weft.hpp>

#include <algorithm>
#include <exception>
#include <ranges>
#include <utility>

namespace http = weft::http;
using namespace std::chrono_literals;

namespace showcase {

namespace {

constexpr std::size_t most_running = 12;
constexpr std::size_t most_remembered = 24;

}  // namespace

http::router workshop::routes() {
    http::router r;
    r.post("/{kind}", [this](http::request& asked) -> weft::task<http::response> {
        const std::uint64_t id = start(asked.parameter("kind"));
        co_return http::response::json(json_object().number("id", id).take(), http::status::created);
    });
    r.del("/{id:int}", [this](http::request& asked) -> weft::task<http::response> {
        const auto found = pieces_.find(asked.parameter<std::uint64_t>("id"));
        if (found == pieces_.end()) throw http::http_error(http::status::not_found, "that work is no longer known");
        found->second.handle.cancel("a visitor's wish");
        co_return http::response(http::status::no_content);
    });
    return r;
}

std::uint64_t workshop::start(std::string_view kind) {
    const auto made = std::ranges::find(kinds_of_work, kind, &kind_of_work::name);
    if (made == std::end(kinds_of_work)) throw http::http_error(http::status::not_found, "there is no such work");
    const auto running = std::ranges::count(pieces_ | std::views::values, state::running, &piece::is);
    if (std::cmp_greater_equal(running, most_running))
        throw http::http_error(http::status::too_many_requests, "enough is going on: cancel something first");
    const clock::time_point now = clock::now();
    if (made->blocks && now - std::exchange(last_blocked_, now) < 1s)
        throw http::http_error(http::status::too_many_requests, "the loop needs to breathe: once a second at most");

    forget_old_pieces();
    const std::uint64_t id = ++last_;
    auto handle = weft::create_task(see_through(id, made->begin()), {.name = std::string(kind)});
    const std::uint64_t task = handle.core().id();
    pieces_.emplace(id, piece{.kind = std::string(kind), .task = task, .handle = std::move(handle), .began = now});
    return id;
}

/// The task of a piece: it does the work, and notes what comes of it.
weft::task<> workshop::see_through(std::uint64_t id, weft::task<std::string> work) {
    try {
        std::string outcome = co_await std::move(work);
        end(id, state::done, std::move(outcome));
    } catch (const weft::cancelled_error&) {
        end(id, state::cancelled, "");
        throw;
    } catch (...) {
        end(id, state::failed, with_shown_paths(weft::format_exception(std::current_exception())));
    }
}

void workshop::end(std::uint64_t id, state how, std::string outcome) {
    piece& p = pieces_.at(id);
    p.is = how;
    p.ended = clock::now();
    p.outcome = std::move(outcome);
}

void workshop::forget_old_pieces() {
    for (auto i = pieces_.begin(); i != pieces_.end() && pieces_.size() >= most_remembered;) {
        i = i->second.is == state::running ? std::next(i) : pieces_.erase(i);
    }
}

std::string workshop::to_json() const {
    const auto now = clock::now();
    return json_array(pieces_ | std::views::reverse, [now](const auto& each) {
        const auto& [id, p] = each;
        const auto lasted = (p.is == state::running ? now : p.ended) - p.began;
        return json_object()
            .number("id", id)
            .text("kind", p.kind)
            .number("task", p.task)
            .text("state", to_string(p.is))
            .number("for_ms", std::chrono::duration_cast<std::chrono::milliseconds>(lasted).count())
            .text("outcome", p.outcome)
            .take();
    });
}

const char* workshop::to_string(state s) noexcept {
    switch (s) {
        case state::running: return "running";
        case state::done: return "done";
        case state::failed: return "failed";
        case state::cancelled: return "cancelled";
    }
    return "";
}

}  // namespace showcase
