// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/sync/basic_queue.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// The items of a priority_queue: a binary heap in which items of the same rank keep their order. A comparison that throws
/// changes nothing.
template <class T, class Compare>
class item_heap {
public:
    using value_type = T;
    explicit item_heap(Compare compare = Compare()) : comes_first_(std::move(compare)) {}

    template <class U>
    void push(U&& value) {
        if constexpr (std::same_as<std::remove_cvref_t<U>, T>) {
            insert(place_of(value), std::forward<U>(value));
        } else {
            T converted(std::forward<U>(value));
            insert(place_of(converted), std::move(converted));
        }
    }
    T pop() {
        // Where the last item goes, and the way there: found before anything is moved.
        std::array<std::size_t, std::numeric_limits<std::size_t>::digits> way;
        std::size_t length = 0, at = 0;
        const std::size_t last = items_.size() - 1;
        for (std::size_t child; (child = 2 * at + 1) < last; at = child) {
            if (child + 1 < last && is_before(items_[child + 1], items_[child])) ++child;
            if (!is_before(items_[child], items_[last])) break;
            way[length++] = child;
        }
        T item(std::move(items_[0].value));
        at = 0;
        for (std::size_t i = 0; i < length; at = way[i++]) items_[at] = std::move(items_[way[i]]);
        if (at != last) items_[at] = std::move(items_[last]);
        items_.pop_back();
        return item;
    }

private:
    struct ranked {
        T value;
        std::uint64_t number;  // in the order of being put in
    };

    bool is_before(const ranked& a, const ranked& b) const {
        if (comes_first_(a.value, b.value)) return true;
        return !comes_first_(b.value, a.value) && a.number < b.number;
    }
    std::size_t place_of(const T& value) const {
        std::size_t at = items_.size();
        while (at > 0 && comes_first_(value, items_[(at - 1) / 2].value)) at = (at - 1) / 2;
        return at;
    }
    template <class U>
    void insert(std::size_t place, U&& value) {
        items_.push_back(ranked{std::forward<U>(value), ++last_number_});
        std::size_t at = items_.size() - 1;
        if (at == place) return;
        ranked added = std::move(items_[at]);
        for (; at != place; at = (at - 1) / 2) items_[at] = std::move(items_[(at - 1) / 2]);
        items_[at] = std::move(added);
    }

    [[no_unique_address]] Compare comes_first_;
    std::vector<ranked> items_;
    std::uint64_t last_number_ = 0;
};

/// A queue that gives what comes first by `Compare`: the least one, unless you say otherwise; of equals, the one that was
/// put first. Its verbs are those of basic_queue. @see asyncio.PriorityQueue
/// @param Compare  compare(a, b): a comes out before b
template <std::movable T, class Compare = std::less<T>>
class priority_queue : public basic_queue<item_heap<T, Compare>> {
public:
    /// @param maxsize  how many items it can have; 0: no limit
    explicit priority_queue(std::size_t maxsize = 0, Compare compare = Compare())
        : basic_queue<item_heap<T, Compare>>(maxsize, item_heap<T, Compare>(std::move(compare))) {}
};

}  // namespace weft::inline v0
