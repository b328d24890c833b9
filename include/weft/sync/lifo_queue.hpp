// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/sync/basic_queue.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// The items of a lifo_queue.
template <class T>
class item_stack {
public:
    using value_type = T;
    template <class U>
    void push(U&& value) {
        items_.emplace_back(std::forward<U>(value));
    }
    T pop() {
        T item(std::move(items_.back()));
        items_.pop_back();
        return item;
    }

private:
    std::vector<T> items_;
};

/// A queue that gives what was put last. Its verbs are those of basic_queue. @see asyncio.LifoQueue
template <class T>
class lifo_queue : public basic_queue<item_stack<T>> {
public:
    /// @param maxsize  how many items it can have; 0: no limit
    explicit lifo_queue(std::size_t maxsize = 0) : basic_queue<item_stack<T>>(maxsize) {}
};

}  // namespace weft::inline v0
