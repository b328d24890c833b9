// SPDX-License-Identifier: Apache-2.0
#include "traffic.hpp"

#include "json.hpp"

#include <weft/loop/any_task.hpp>

namespace http = weft::http;

namespace showcase {

namespace {

constexpr std::size_t longest_path = 200;

std::int64_t milliseconds(std::chrono::nanoseconds d) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

}  // namespace

/// Something of the request's own: it goes when the request does, however that ends.
class traffic::ticket {
public:
    ticket() = default;
    ticket(const ticket&) = delete;
    ~ticket() {
        if (of_) of_->ended(id_);
    }
    void begin(traffic& of, std::uint64_t id) {
        of_ = &of;
        id_ = id;
    }

private:
    traffic* of_ = nullptr;
    std::uint64_t id_ = 0;
};

http::middleware traffic::watches() {
    return [this](http::request& r, http::next next) -> weft::task<http::response> {
        const std::uint64_t id = ++last_;
        const weft::any_task connection = weft::current_task();
        if (connection.core().own_name().empty()) connection.set_name("connection");
        r.local<ticket>().begin(*this, id);
        in_flight_[id] = {.method = std::string(to_string(r.method())),
                          .path = std::string(r.path().substr(0, longest_path)),
                          .task = connection.core().id(),
                          .since = clock::now()};
        http::response answer = co_await next(r);
        const auto type = answer.headers().get("Content-Type");
        in_flight_.at(id).is_stream =
            answer.status() == http::status::switching_protocols || type == "text/event-stream";
        co_return answer;
    };
}

void traffic::ended(std::uint64_t id) noexcept {
    const auto over = in_flight_.extract(id);
    if (!over || over.mapped().is_stream) return;
    const auto took = clock::now() - over.mapped().since;
    std::size_t i = 0;
    while (i < bounds && took > bound(i)) ++i;
    ++durations_[i];
}

std::string traffic::to_json() const {
    const auto now = clock::now();
    const auto describe = [now](const auto& each) {
        const auto& [id, r] = each;
        return json_object()
            .number("id", id)
            .text("method", r.method)
            .text("path", r.path)
            .number("task", r.task)
            .number("for_ms", milliseconds(now - r.since))
            .flag("is_stream", r.is_stream)
            .take();
    };
    std::string ends;
    for (std::size_t i = 0; i < bounds; ++i) ends += (i == 0 ? "[" : ",") + std::to_string(bound(i).count());
    return json_object()
        .raw("in_flight", json_array(in_flight_, describe))
        .raw("bounds_us", ends + ']')
        .raw("counts", json_array(durations_, [](std::uint64_t n) { return std::to_string(n); }))
        .take();
}

}  // namespace showcase
