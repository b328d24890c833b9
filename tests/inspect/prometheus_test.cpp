// SPDX-License-Identifier: Apache-2.0
#include <weft/inspect/prometheus.hpp>
#include <weft/loop/event_loop.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

using ::testing::HasSubstr;

weft::loop_metrics known() {
    weft::loop_metrics m{.loop = "main", .backend = "epoll", .iterations = 12, .steps = 345, .tasks_created = 67};
    m.lag.counts[0] = 5;
    m.lag.counts[3] = 4;
    m.lag.counts.back() = 3;
    m.lag.sum = 60s + 250us;
    m.tasks = 8;
    m.ready = 9;
    m.timers = 10;
    m.operations = 11;
    return m;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

TEST(prometheus, writes_counters_and_gauges) {
    const std::string text = weft::prometheus_text(known());
    EXPECT_THAT(text, HasSubstr("# HELP weft_loop_iterations_total Turns of the loop.\n"
                                "# TYPE weft_loop_iterations_total counter\n"
                                "weft_loop_iterations_total{loop=\"main\"} 12\n"));
    EXPECT_THAT(text, HasSubstr("\nweft_loop_steps_total{loop=\"main\"} 345\n"));
    EXPECT_THAT(text, HasSubstr("\nweft_loop_tasks_created_total{loop=\"main\"} 67\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE weft_loop_tasks gauge\nweft_loop_tasks{loop=\"main\"} 8\n"));
    EXPECT_THAT(text, HasSubstr("\nweft_loop_ready{loop=\"main\"} 9\n"));
    EXPECT_THAT(text, HasSubstr("\nweft_loop_timers{loop=\"main\"} 10\n"));
    EXPECT_THAT(text, HasSubstr("\nweft_loop_operations{loop=\"main\"} 11\n"));
    EXPECT_THAT(text, HasSubstr("\nweft_loop_info{loop=\"main\",backend=\"epoll\",version=\"0.1.0\"} 1\n"));
}

TEST(prometheus, buckets_are_cumulative_and_in_seconds) {
    const std::string text = weft::prometheus_text(known());
    EXPECT_THAT(text, HasSubstr("# TYPE weft_loop_lag_seconds histogram\n"
                                "weft_loop_lag_seconds_bucket{loop=\"main\",le=\"1e-06\"} 5\n"
                                "weft_loop_lag_seconds_bucket{loop=\"main\",le=\"2e-06\"} 5\n"
                                "weft_loop_lag_seconds_bucket{loop=\"main\",le=\"4e-06\"} 5\n"
                                "weft_loop_lag_seconds_bucket{loop=\"main\",le=\"8e-06\"} 9\n"));
    EXPECT_THAT(text, HasSubstr("weft_loop_lag_seconds_bucket{loop=\"main\",le=\"16.777216\"} 9\n"
                                "weft_loop_lag_seconds_bucket{loop=\"main\",le=\"+Inf\"} 12\n"
                                "weft_loop_lag_seconds_sum{loop=\"main\"} 60.00025\n"
                                "weft_loop_lag_seconds_count{loop=\"main\"} 12\n"));
}

TEST(prometheus, several_loops_are_samples_of_the_same_families) {
    std::vector<weft::loop_metrics> loops{known(), known()};
    loops[1].loop = "shard 1";
    loops[1].tasks = 99;
    const std::string text = weft::prometheus_text(loops);
    EXPECT_THAT(text, HasSubstr("# TYPE weft_loop_tasks gauge\n"
                                "weft_loop_tasks{loop=\"main\"} 8\n"
                                "weft_loop_tasks{loop=\"shard 1\"} 99\n"));
}

TEST(prometheus, every_line_is_of_the_format_and_every_family_comes_once) {
    std::vector<weft::loop_metrics> loops{known(), known()};
    loops[1].loop = "a \"quoted\" \\ name\nof two lines";
    const std::string text = weft::prometheus_text(loops);
    ASSERT_TRUE(text.ends_with('\n'));
    const std::regex help(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\\]+)"),
        type(R"(# TYPE (\S+) (counter|gauge|histogram))");
    const std::string label = R"([a-z_]+="([^"\\]|\\["\\n])*")";
    const std::regex sample("([a-z_]+)\\{" + label + "(," + label + ")*\\} [0-9.e+-]+");
    std::set<std::string> families;
    std::string family, kind;
    const auto lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::smatch match;
        if (std::regex_match(lines[i], match, help)) {
            family = match[1];
            EXPECT_TRUE(families.insert(family).second) << family;
            ASSERT_LT(++i, lines.size());
            ASSERT_TRUE(std::regex_match(lines[i], match, type)) << lines[i];
            EXPECT_EQ(match[1], family);
            kind = match[2];
            EXPECT_EQ(kind == "counter", family.ends_with("_total")) << family;
        } else {
            ASSERT_TRUE(std::regex_match(lines[i], match, sample)) << lines[i];
            std::string name = match[1];
            if (kind == "histogram") name = std::regex_replace(name, std::regex("_(bucket|sum|count)$"), "");
            EXPECT_EQ(name, family);
        }
    }
    EXPECT_EQ(families.size(), 9u);
    EXPECT_THAT(text, HasSubstr(R"(loop="a \"quoted\" \\ name\nof two lines")"));
}

TEST(prometheus, tells_of_a_loop_that_is_there) {
    weft::event_loop loop;
    loop.run_once();
    EXPECT_THAT(weft::prometheus_text(weft::capture_metrics(loop)),
                HasSubstr("weft_loop_iterations_total{loop=\"main\"} 1\n"));
}

TEST(prometheus, has_nothing_but_families_to_say_of_no_loops) {
    for (const std::string& line : lines_of(weft::prometheus_text(std::span<const weft::loop_metrics>()))) {
        EXPECT_TRUE(line.starts_with("# ")) << line;
    }
}

}  // namespace
