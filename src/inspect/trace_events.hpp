// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace weft::inline v0 {

/// A list of trace events as JSON, one after the other: begin() one, say more of it, end() it.
class trace_events {
public:
    /// @param process, thread  whose events these are
    trace_events(std::ostream& out, long process, long thread);
    trace_events(const trace_events&) = delete;
    trace_events& operator=(const trace_events&) = delete;
    ~trace_events() { flush(); }

    trace_events& begin(char phase, std::string_view category, std::string_view name, nanos when);
    trace_events& duration(nanos d);
    trace_events& id(std::uint64_t id);
    /// An arrow ends at the slice around this moment, not at the next one.
    trace_events& binds_to_enclosing_slice();
    // Arguments come last.
    trace_events& argument(std::string_view name, std::string_view text);
    trace_events& argument(std::string_view name, std::int64_t number);
    void end();

private:
    void begin_argument(std::string_view name);
    void microseconds(nanos t);
    void flush();

    std::ostream& out_;
    const std::string whose_;
    std::string text_;
    bool is_first_ = true, has_arguments_ = false;
};

}  // namespace weft::inline v0
