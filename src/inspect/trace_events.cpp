// SPDX-License-Identifier: Apache-2.0
#include "inspect/trace_events.hpp"

#include <weft/inspect/json_string.hpp>

#include <cstdio>

namespace weft::inline v0 {

namespace {
constexpr std::size_t piece_bytes = std::size_t{64} << 10;
}  // namespace

trace_events::trace_events(std::ostream& out, long process, long thread)
    : out_(out), whose_(",\"pid\":" + std::to_string(process) + ",\"tid\":" + std::to_string(thread)) {}

trace_events& trace_events::begin(char phase, std::string_view category, std::string_view name, nanos when) {
    if (!is_first_) text_ += ",\n";
    is_first_ = false;
    text_.append("{\"ph\":\"").append(1, phase).append("\",\"cat\":\"").append(category).append("\",\"name\":");
    text_.append(json_string(name)).append(whose_).append(",\"ts\":");
    microseconds(when);
    return *this;
}

trace_events& trace_events::duration(nanos d) {
    text_ += ",\"dur\":";
    microseconds(d);
    return *this;
}

trace_events& trace_events::id(std::uint64_t id) {
    text_.append(",\"id\":\"").append(std::to_string(id)).append("\"");
    return *this;
}

trace_events& trace_events::binds_to_enclosing_slice() {
    text_ += ",\"bp\":\"e\"";
    return *this;
}

void trace_events::begin_argument(std::string_view name) {
    text_.append(has_arguments_ ? ",\"" : ",\"args\":{\"").append(name).append("\":");
    has_arguments_ = true;
}

trace_events& trace_events::argument(std::string_view name, std::string_view text) {
    begin_argument(name);
    text_ += json_string(text);
    return *this;
}

trace_events& trace_events::argument(std::string_view name, std::int64_t number) {
    begin_argument(name);
    text_ += std::to_string(number);
    return *this;
}

void trace_events::end() {
    text_ += has_arguments_ ? "}}" : "}";
    has_arguments_ = false;
    if (text_.size() > piece_bytes) flush();
}

/// The unit of the format; nanoseconds are behind the point.
void trace_events::microseconds(nanos t) {
    char text[32];
    const int length = std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(t / 1000),
                                     static_cast<long long>(t % 1000));
    text_.append(text, static_cast<std::size_t>(length));
}

void trace_events::flush() {
    out_ << text_;
    text_.clear();
}

}  // namespace weft::inline v0
