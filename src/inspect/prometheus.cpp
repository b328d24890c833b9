// SPDX-License-Identifier: Apache-2.0
#include <weft/base/version.hpp>
#include <weft/inspect/prometheus.hpp>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace weft::inline v0 {

namespace {

/// A label's value: backslash, quotation mark and line feed are escaped, nothing else.
std::string label_value(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? std::string_view("\\n") : std::string_view(&c, 1);
    }
    return out += '"';
}

/// The shortest number that reads as this one.
std::string number(double value) {
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}
double seconds(std::chrono::nanoseconds d) { return std::chrono::duration<double>(d).count(); }

class exposition {
public:
    explicit exposition(std::span<const loop_metrics> loops) : loops_(loops) {}

    template <class Value>
    void family(std::string_view name, std::string_view type, std::string_view help, Value value) {
        begin(name, type, help);
        for (const loop_metrics& m : loops_) sample(name, labels(m), std::to_string(value(m)));
    }
    void info() {
        begin("weft_loop_info", "gauge", "What the loop runs on: its backend, and the version of weft. Always 1.");
        for (const loop_metrics& m : loops_) {
            sample("weft_loop_info",
                   labels(m) + ",backend=" + label_value(m.backend) + ",version=" + label_value(version), "1");
        }
    }
    void lag() {
        begin("weft_loop_lag_seconds", "histogram",
              "Turns by how long the last of what was ready had to wait; the sum is the time that the loop was busy.");
        for (const loop_metrics& m : loops_) {
            std::uint64_t below = 0;
            for (std::size_t i = 0; i < m.lag.counts.size(); ++i) {
                below += m.lag.counts[i];
                const bool is_last = i + 1 == m.lag.counts.size();
                const std::string bound = is_last ? "+Inf" : number(seconds(lag_histogram::bound(i)));
                sample("weft_loop_lag_seconds_bucket", labels(m) + ",le=" + label_value(bound), std::to_string(below));
            }
            sample("weft_loop_lag_seconds_sum", labels(m), number(seconds(m.lag.sum)));
            sample("weft_loop_lag_seconds_count", labels(m), std::to_string(below));
        }
    }
    std::string take() { return std::move(text_); }

private:
    static std::string labels(const loop_metrics& m) { return "loop=" + label_value(m.loop); }
    void begin(std::string_view name, std::string_view type, std::string_view help) {
        text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
        text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    }
    void sample(std::string_view name, const std::string& labels, const std::string& value) {
        text_.append(name).append("{").append(labels).append("} ").append(value).append("\n");
    }

    std::span<const loop_metrics> loops_;
    std::string text_;
};

}  // namespace

std::string prometheus_text(const loop_metrics& loop) { return prometheus_text(std::span(&loop, 1)); }

std::string prometheus_text(std::span<const loop_metrics> loops) {
    exposition e(loops);
    e.info();
    e.family("weft_loop_iterations_total", "counter", "Turns of the loop.", [](const auto& m) { return m.iterations; });
    e.family("weft_loop_steps_total", "counter", "Tasks and callbacks that were run, each until it had to wait.",
             [](const auto& m) { return m.steps; });
    e.family("weft_loop_tasks_created_total", "counter", "Tasks that were created.",
             [](const auto& m) { return m.tasks_created; });
    e.lag();
    e.family("weft_loop_tasks", "gauge", "Tasks that are not done.", [](const auto& m) { return m.tasks; });
    e.family("weft_loop_ready", "gauge", "Tasks and callbacks that can run.", [](const auto& m) { return m.ready; });
    e.family("weft_loop_timers", "gauge", "Timers that are pending.", [](const auto& m) { return m.timers; });
    e.family("weft_loop_operations", "gauge", "Operations that the kernel has.",
             [](const auto& m) { return m.operations; });
    return e.take();
}

}  // namespace weft::inline v0
