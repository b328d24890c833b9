// SPDX-License-Identifier: Apache-2.0
// An event loop out of nothing but generators: tasks are generators that yield the future they wait for. The scheduler knows
// neither what they do nor what a future stands for; it resumes who is ready. A call chain is one task by `from`. This is
// asyncio before `await`; weft's own loop is this, grown up.
//
//     def fetch(loop, path, ms):
//         yield loop.after(ms)
//         return "<" + path + ">"
//     def page(loop, name, ms):
//         user = yield from fetch(loop, "/user/" + name, ms)
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
    void set_done() const { std::exchange(*then_, nullptr)(); }
    void when_done(std::move_only_function<void()> f) const { *then_ = std::move(f); }

private:
    using callback = std::move_only_function<void()>;
    std::shared_ptr<callback> then_ = std::make_shared<callback>([] {});
};

/// A function that can wait: yields what it waits for.
template <class Result = void>
using job = weft::generator<future, void, Result>;

class scheduler {
public:
    int now() const { return now_; }
    future after(int ms) { return timers_.emplace(now_ + ms, future())->second; }
    void start(job<> j) { ready_.push_back(std::move(j)); }
    void run() {
        while (!ready_.empty() || !timers_.empty()) {
            if (ready_.empty()) {
                auto timer = timers_.extract(timers_.begin());
                now_ = timer.key();  // the next thing to happen: no need to sleep until then
                timer.mapped().set_done();
            } else {
                job<> j = std::move(ready_.front());
                ready_.pop_front();
                if (auto f = j.next()) f->when_done([this, j = std::move(j)] mutable { start(std::move(j)); });
            }
        }
    }

private:
    std::deque<job<>> ready_;
    std::multimap<int, future> timers_;
    int now_ = 0;
};

job<std::string> fetch(scheduler& loop, std::string path, int ms) {
    std::printf("%3d ms: GET %s\n", loop.now(), path.c_str());
    co_yield loop.after(ms);
    co_return "<" + path + ">";
}

job<> page(scheduler& loop, std::string name, int ms) {
    const std::string user = co_yield weft::from(fetch(loop, "/user/" + name, ms));
    const std::string cart = co_yield weft::from(fetch(loop, "/cart/" + name, ms));
    std::printf("%3d ms: %s %s\n", loop.now(), user.c_str(), cart.c_str());
}

int main() {
    scheduler loop;
    loop.start(page(loop, "ada", 20));
    loop.start(page(loop, "bob", 15));
    loop.run();
}
