// SPDX-License-Identifier: Apache-2.0
// The three queues: items put = items got + items left, no item twice, and always the right one first.
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

#include <algorithm>
#include <deque>

namespace stress {

namespace {

using items = std::deque<int>;

// Which of the items in a queue must come next.
items::iterator oldest(items& i) { return i.begin(); }
items::iterator newest(items& i) { return i.end() - 1; }
items::iterator least(items& i) { return std::ranges::min_element(i); }

template <class Queue>
class queue_place final : public place {
public:
    queue_place(world& w, items::iterator (*next)(items&)) noexcept : place(w), next_(next) {}

    weft::task<> visit(visitor) override {
        switch (world_.chance().roll(10)) {
            case 0: co_await queue_.join(); break;
            case 1: put_at_once(); break;
            case 2: get_at_once(); break;
            case 3: {
                auto first = co_await weft::select(queue_.get(), weft::sleep(world_.a_while()));
                if (first.index() == 0) was_got(std::get<0>(first));
                break;
            }
            case 4: {
                const int item = new_item();
                auto first = co_await weft::select(weft::sleep(world_.a_while()), queue_.put(item));
                if (first.index() == 1) was_put(item);
                break;
            }
            case 5: {
                const presence<> here(getting_);
                was_got(co_await weft::wait_for(queue_.get(), std::chrono::hours(100)));
                break;
            }
            case 6:
            case 7: {
                const int item = new_item();
                const presence<> here(putting_);
                co_await queue_.put(item);
                was_put(item);
                break;
            }
            default: {
                const presence<> here(getting_);
                was_got(co_await queue_.get());
            }
        }
    }
    weft::task<> help() override {
        while (!queue_.empty() && get_at_once()) {
        }
        for (int i = getting_; i > 0; --i) put_at_once();
        co_return;
    }

    void check_at_rest() const override {
        require_equal(static_cast<long long>(queue_.size()), static_cast<long long>(inside_.size()),
                      "queue: size() and the items put and not got");
        require(getting_ == 0 || queue_.empty(), "queue: there are items, and tasks that wait for one");
        require(putting_ == 0 || queue_.full(), "queue: there is room, and tasks wait for it");
    }
    void check_at_end() override {
        while (!inside_.empty()) require(get_at_once(), "queue: an item that was put is not there at the end");
        require(queue_.empty(), "queue: there are more items than were put");
        require_equal(getting_ + putting_, 0, "queue: tasks that wait at the end");
    }

private:
    int new_item() {
        // What comes next is decided by the item in a priority_queue, by when it was put in the others.
        return ++last_item_ * 8 + static_cast<int>(world_.chance().roll(8)) * 1'000'000;
    }
    void was_put(int item) { inside_.push_back(item); }
    void was_got(int item) {
        require(!inside_.empty(), "queue: an item was got, and none was there");
        const auto next = next_(inside_);
        require_equal(item, *next, "queue: the item that was got");
        inside_.erase(next);
        queue_.task_done();
    }
    void put_at_once() {
        const int item = new_item();
        try {
            queue_.try_put(item);
        } catch (const weft::queue_full&) {
            return;
        }
        was_put(item);
    }
    bool get_at_once() {
        try {
            was_got(queue_.try_get());
        } catch (const weft::queue_empty&) {
            return false;  // each is promised to somebody
        }
        return true;
    }

    Queue queue_{4};
    items::iterator (*next_)(items&);
    items inside_;
    int last_item_ = 0, getting_ = 0, putting_ = 0;
};

}  // namespace

void add_queues(places& p, world& w) {
    p.push_back(std::make_unique<queue_place<weft::queue<int>>>(w, oldest));
    p.push_back(std::make_unique<queue_place<weft::lifo_queue<int>>>(w, newest));
    p.push_back(std::make_unique<queue_place<weft::priority_queue<int>>>(w, least));
}

}  // namespace stress
