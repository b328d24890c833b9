// SPDX-License-Identifier: Apache-2.0
// A server that echoes, and now and then leaves first.
#include "stress/connections/sides.hpp"
#include "stress/dice.hpp"

#include <algorithm>
#include <utility>

namespace stress {

namespace {

class echo_server {
public:
    explicit echo_server(std::uint64_t seed) : dice_(seed) {}

    weft::task<weft::server> start() {
        return weft::start_server([this](weft::stream s) { return answer(std::move(s)); }, "127.0.0.1", 0);
    }
    std::string report() const {
        return std::to_string(served_) + " connections; " + std::to_string(most_open_) + " open at once";
    }

private:
    weft::task<> answer(weft::stream s) {
        ++served_;
        const presence here(*this);
        const bool by_chunks = dice_.one_in(2);
        while (weft::chunk bytes = co_await s.read_chunk()) {
            if (dice_.one_in(200)) {
                s.abort();
                co_return;
            }
            if (dice_.one_in(200)) co_return;
            if (by_chunks) {
                co_await s.write(std::move(bytes));
            } else {
                co_await s.write(bytes.text());
            }
        }
        if (dice_.one_in(2)) co_await s.close();
    }

    struct presence {
        explicit presence(echo_server& s) : in(s) { in.most_open_ = std::max(in.most_open_, ++in.open_); }
        presence(const presence&) = delete;
        presence& operator=(const presence&) = delete;
        ~presence() { --in.open_; }
        echo_server& in;
    };

    dice dice_;
    std::size_t served_ = 0, open_ = 0, most_open_ = 0;
};

}  // namespace

weft::task<std::string> serve_clients(conversation& other, round_plan plan) {
    echo_server echo(plan.seed);
    weft::server server = co_await echo.start();
    co_await other.say(std::to_string(server.port()));
    require(co_await other.hear() == "we have gone", "the clients say something else");
    server.close();
    server.cancel_connections();
    co_await server.wait_closed();
    co_await other.say("closed");
    co_return echo.report();
}

}  // namespace stress
