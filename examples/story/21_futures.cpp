// SPDX-License-Identifier: Apache-2.0
// New: what is yielded is a future, which will have a result and then calls back. The loop no longer knows what anybody waits
// for, or how long; whoever makes the future does. And the stack of 19 and 20 has become part of the language: `from`.
#include <weft/weft.hpp>

#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

/// Something that is still to come, and what to do then. Copies share it.
class future {
public:
    using callback = std::move_only_function<void(std::string)>;
    void add_done_callback(callback f) { *then_ = std::move(f); }
    void set_result(std::string result) { std::exchange(*then_, nullptr)(std::move(result)); }

private:
    std::shared_ptr<callback> then_ = std::make_shared<callback>();
};

/// A function that can wait: yields what it waits for, is sent what came of it, returns its result.
using job = weft::generator<future, std::string, std::string>;

class loop {
public:
    void start(job j) { ready_.emplace_back(std::move(j), ""); }
    void run() {
        while (!ready_.empty()) {
            auto [j, reply] = std::move(ready_.front());
            ready_.pop_front();
            auto pending = j.state() == weft::generator_state::created ? j.next() : j.send(reply);
            if (!pending) continue;
            pending->add_done_callback([this, waiting = std::move(j)](std::string result) mutable {
                ready_.emplace_back(std::move(waiting), std::move(result));
            });
        }
    }

private:
    std::deque<std::pair<job, std::string>> ready_;
};

int now = 0;
std::multimap<int, std::pair<future, std::string>> on_their_way;  // by when they are here

future fetch(std::string path, int ms) {
    return on_their_way.emplace(now + ms, std::pair(future(), std::move(path)))->second.first;
}

job page(std::string name, int ms) {
    for (const char* part : {"/head", "/body"}) {
        const std::string text = co_yield fetch(name + part, ms);
        std::printf("%d ms: %s is there\n", now, text.c_str());
    }
    co_return name;
}
job visit(std::string name, int ms) {
    const std::string seen = co_yield weft::from(page(name, ms));
    std::printf("%d ms: %s has been seen\n", now, seen.c_str());
    co_return "";
}

int main() {
    loop l;
    l.start(visit("ann", 30));
    l.start(visit("ben", 20));
    for (l.run(); !on_their_way.empty(); l.run()) {
        auto next = on_their_way.extract(on_their_way.begin());
        now = next.key();
        next.mapped().first.set_result(next.mapped().second);
    }
}
