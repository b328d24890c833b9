// SPDX-License-Identifier: Apache-2.0
// Clients that connect, talk, leave early, reset and are cancelled at random.
#include "stress/connections/sides.hpp"
#include "stress/dice.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace stress {

namespace {

class crowd {
public:
    crowd(const round_plan& plan, std::uint16_t port) : dice_(plan.seed), port_(port), places_(plan.count) {}

    weft::task<> run(double seconds) {
        std::vector<weft::task_handle<>> clients;
        for (std::size_t i = 0; i < places_.size(); ++i) clients.push_back(weft::create_task(come_and_go(i)));
        co_await all_here_.wait();
        const auto until = weft::get_running_loop().time() + std::chrono::duration<double>(seconds);
        while (weft::get_running_loop().time() < until) {
            co_await weft::sleep(1ms);
            for (std::size_t i = 0; i < 1 + places_.size() / 500; ++i) {
                if (auto& h = places_[dice_.roll(places_.size())]) h->cancel();
            }
        }
        leaving_ = true;
        for (auto& h : places_) {
            if (h) h->cancel();
        }
        for (auto& c : clients) co_await c;
    }

    std::string report() const {
        return std::to_string(visits_) + " visits: " + std::to_string(whole_) + " whole, " +
               std::to_string(cancelled_) + " cancelled, " + std::to_string(failed_) + " failed; " +
               std::to_string(most_open_) + " open at once";
    }

private:
    weft::task<> come_and_go(std::size_t place) {
        while (!leaving_) {
            places_[place] = weft::create_task(visit());
            ++visits_;
            try {
                co_await *places_[place];
                ++whole_;
            } catch (const weft::cancelled_error&) {
                ++cancelled_;
            } catch (const std::system_error&) {  // a reset, or no port left
                ++failed_;
            } catch (const weft::incomplete_read_error&) {
                ++failed_;
            }
            if (failed_ % 64 == 63) co_await weft::sleep(1ms);
        }
        places_[place].reset();
    }

    /// Those that wait for the others leave only when all are here.
    weft::task<> visit() {
        weft::stream s = co_await weft::open_connection("127.0.0.1", port_);
        const presence here(*this);
        if (open_ == places_.size()) all_here_.set();
        co_await all_here_.wait();
        co_await talk(s);
        if (dice_.one_in(4)) {
            s.abort();
        } else if (dice_.one_in(3)) {
            co_await s.write_eof();
            co_await s.read_all();
        } else if (dice_.one_in(2)) {
            co_await s.close();
        }  // else it is destroyed
    }

    /// What comes back is what was sent, or nothing.
    weft::task<> talk(weft::stream& s) {
        for (std::size_t left = dice_.roll(6); left > 0; --left) {
            const std::string line(dice_.one_in(50) ? 100'000 : 1 + dice_.roll(200),
                                   static_cast<char>('a' + dice_.roll(26)));
            co_await s.write(line + "\n");
            if (dice_.one_in(20)) break;  // leaves without the answer
            const std::string got = co_await s.read_exactly(line.size() + 1);
            require(got.back() == '\n' && got.compare(0, line.size(), line) == 0, "an answer is not what was asked");
            if (dice_.one_in(10)) co_await weft::sleep(std::chrono::milliseconds(dice_.roll(20)));
        }
    }

    struct presence {
        explicit presence(crowd& c) : in(c) { in.most_open_ = std::max(in.most_open_, ++in.open_); }
        presence(const presence&) = delete;
        presence& operator=(const presence&) = delete;
        ~presence() { --in.open_; }
        crowd& in;
    };

    dice dice_;
    std::uint16_t port_;
    std::vector<std::optional<weft::task_handle<>>> places_;  // the visit that goes on at each
    weft::event all_here_;
    bool leaving_ = false;
    std::size_t visits_ = 0, whole_ = 0, cancelled_ = 0, failed_ = 0;
    std::size_t open_ = 0, most_open_ = 0;
};

}  // namespace

weft::task<std::string> send_clients(conversation& other, round_plan plan) {
    crowd c(plan, static_cast<std::uint16_t>(std::stoi(co_await other.hear())));
    auto closing = weft::create_task(other.hear());  // hears at once of a server that dies
    co_await c.run(plan.seconds);
    co_await other.say("we have gone");
    require(co_await closing == "closed", "the server says something else");
    co_return c.report();
}

}  // namespace stress
