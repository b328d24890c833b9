// SPDX-License-Identifier: Apache-2.0
#include "live.hpp"

#include "chat.hpp"
#include "json.hpp"
#include "snapshot.hpp"
#include "traffic.hpp"
#include "work.hpp"

#include <weft/http/http_error.hpp>
#include <weft/http/server_sent_events.hpp>
#include <weft/weft.hpp>

#include <memory>
#include <utility>

namespace http = weft::http;
using namespace std::chrono_literals;

namespace showcase {

namespace {

constexpr std::size_t most_watchers = 50;
constexpr auto between_looks = 500ms;

double milliseconds(std::chrono::nanoseconds d) { return std::chrono::duration<double, std::milli>(d).count(); }

}  // namespace

http::response live_view::stream() {
    if (watchers_ >= most_watchers) throw http::http_error(http::status::service_unavailable, "enough are looking");
    ++watchers_;
    // It goes with the answer, whether that was sent or not.
    std::shared_ptr<void> looking(nullptr, [this](void*) { --watchers_; });
    return http::send_events([this, looking = std::move(looking)](http::event_sender& to) -> weft::task<> {
        for (;;) {
            co_await to.send({.data = latest()});
            co_await weft::sleep(between_looks);
        }
    });
}

const std::string& live_view::latest() {
    const auto now = clock::now();
    if (look_.empty() || now - looked_at_ >= between_looks * 4 / 5) {
        ++looks_;
        look_ = json_object()
                    .raw("loop", loop_to_json())
                    .raw("program", program_to_json())
                    .raw("traffic", traffic_.to_json())
                    .raw("work", workshop_.to_json())
                    .number("chatting", chat_.size())
                    .number("watchers", watchers_)
                    .number("looks", looks_)
                    .take();
        looked_at_ = now;
    }
    return look_;
}

/// How the loop does: what it has now, and how late it was since the look before.
std::string live_view::loop_to_json() {
    weft::loop_metrics now = weft::capture_metrics();
    weft::lag_histogram lag = now.lag;
    std::uint64_t turns = now.iterations, steps = now.steps;
    if (before_) {
        for (std::size_t i = 0; i < lag.counts.size(); ++i) lag.counts[i] -= before_->lag.counts[i];
        lag.sum -= before_->lag.sum;
        turns -= before_->iterations;
        steps -= before_->steps;
    }
    auto json = json_object()
                    .text("backend", now.backend)
                    .number("tasks", now.tasks)
                    .number("tasks_created", now.tasks_created)
                    .number("ready", now.ready)
                    .number("timers", now.timers)
                    .number("operations", now.operations)
                    .number("turns", turns)
                    .number("steps", steps)
                    .number("lag_p50_ms", milliseconds(lag.quantile(0.5)))
                    .number("lag_max_ms", milliseconds(lag.quantile(1)))
                    .number("busy_ms", milliseconds(lag.sum))
                    .take();
    before_ = std::move(now);
    return json;
}

}  // namespace showcase
