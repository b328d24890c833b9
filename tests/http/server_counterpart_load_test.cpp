// SPDX-License-Identifier: Apache-2.0
// Our server under those who measure servers: wrk, h2load and ab. That nothing fails is what is asked of it here, not how fast it is.
#include "http/visited_server.hpp"

#include <fstream>

using namespace weft_test;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using weft::task;

namespace {

/// A command at a server, and what it says.
void load(std::string command, testing::Matcher<const std::string&> says, http::server_options options = {}) {
    const temporary_folder folder;
    std::ofstream(folder / "body") << std::string(1000, 'x');
    std::ofstream(folder / "pipeline.lua") << R"(
init = function(args)
    local all = {}
    for i = 1, 16 do all[i] = wrk.format(nil, "/") end
    requests = table.concat(all)
end
request = function() return requests end
)";
    run_visit(what_there_is(folder), std::move(options), [&](http::server&, std::string url) -> task<> {
        const said all = co_await shell(command, url, folder);
        EXPECT_THAT(all.text, says);
        EXPECT_EQ(all.status, 0);
    });
}
/// That a client of its own is told to go after a thousand requests is no failure; that one which does not look is cut
/// off in the middle of what it has sent ahead is its own.
const http::server_options for_ever{.limits = {.requests_per_connection = 1'000'000'000}};

TEST(wrk, sees_no_failure) {
    if (!has_program("wrk")) GTEST_SKIP() << "wrk is not installed";
    load("wrk -t1 -c16 -d1s --latency $U/", AllOf(HasSubstr(" requests in 1."), Not(ContainsRegex("Socket|Non-2xx"))));
}

TEST(wrk, sees_no_failure_of_requests_in_a_row) {
    if (!has_program("wrk")) GTEST_SKIP() << "wrk is not installed";
    load("wrk -t1 -c16 -d1s -s $F/pipeline.lua $U/",
         AllOf(HasSubstr(" requests in 1."), Not(ContainsRegex("Socket|Non-2xx"))), for_ever);
}

TEST(h2load, sees_no_failure) {
    if (!has_program("h2load")) GTEST_SKIP() << "h2load is not installed";
    load("h2load --h1 -n 3000 -c 8 $U/", HasSubstr("3000 succeeded, 0 failed, 0 errored, 0 timeout"));
    load("h2load --h1 -n 3000 -c 8 -m 8 $U/", HasSubstr("3000 succeeded, 0 failed, 0 errored, 0 timeout"));
    load("h2load --h1 -n 300 -c 8 $U/written", HasSubstr("300 succeeded, 0 failed, 0 errored, 0 timeout"));
    load("h2load --h1 -n 300 -c 8 -d $F/body $U/echo", HasSubstr("300 succeeded, 0 failed, 0 errored, 0 timeout"));
}

TEST(ab, sees_no_failure) {
    if (!has_program("ab")) GTEST_SKIP() << "ab is not installed";
    const auto is_whole = AllOf(ContainsRegex("Complete requests: +1000\n"), ContainsRegex("Failed requests: +0\n"),
                                Not(HasSubstr("Non-2xx")));
    load("ab -q -n 1000 -c 8 $U/", is_whole);
    load("ab -q -n 1000 -c 8 -k $U/", AllOf(is_whole, ContainsRegex("Keep-Alive requests: +1000\n")));
    load("ab -q -n 1000 -c 8 -k -p $F/body $U/echo", AllOf(is_whole, ContainsRegex("Keep-Alive requests: +1000\n")));
    load("ab -q -n 1000 -c 8 -k $U/written", is_whole);
}

}  // namespace
