// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace weft::inline v0 {

/// A link that its owner carries inside itself: entering and leaving a list allocates nothing, and an object that dies
/// leaves its list by itself. Invariant: an unlinked node points at itself.
class list_node {
public:
    list_node() noexcept = default;
    list_node(const list_node&) = delete;
    list_node& operator=(const list_node&) = delete;
    ~list_node() { unlink(); }

    bool is_linked() const noexcept { return next_ != this; }

    void unlink() noexcept {
        prev_->next_ = next_;
        next_->prev_ = prev_;
        next_ = prev_ = this;
    }

private:
    friend struct memory_layout;
    template <class T>
    friend class intrusive_list;

    void insert_before(list_node& position) noexcept {
        prev_ = position.prev_;
        next_ = &position;
        prev_->next_ = this;
        position.prev_ = this;
    }

    list_node* next_ = this;
    list_node* prev_ = this;
};

/// A list of objects derived from list_node, in insertion order; every operation is O(1). Owns nothing.
template <class T>
class intrusive_list {
public:
    intrusive_list() noexcept = default;
    intrusive_list(const intrusive_list&) = delete;
    intrusive_list& operator=(const intrusive_list&) = delete;
    ~intrusive_list() {
        while (!empty()) head_.next_->unlink();
    }

    bool empty() const noexcept { return !head_.is_linked(); }
    bool has_several() const noexcept { return head_.next_ != head_.prev_; }
    T& front() noexcept { return static_cast<T&>(*head_.next_); }
    T& back() noexcept { return static_cast<T&>(*head_.prev_); }

    void push_back(T& item) noexcept { static_cast<list_node&>(item).insert_before(head_); }
    void push_front(T& item) noexcept { static_cast<list_node&>(item).insert_before(*head_.next_); }
    static void insert_before(T& position, T& item) noexcept {
        static_cast<list_node&>(item).insert_before(static_cast<list_node&>(position));
    }

    T& pop_front() noexcept {
        T& item = front();
        static_cast<list_node&>(item).unlink();
        return item;
    }

    /// Moves all of `other` behind what is here.
    void splice_back(intrusive_list& other) noexcept {
        if (other.empty()) return;
        list_node *first = other.head_.next_, *last = other.head_.prev_;
        other.head_.next_ = other.head_.prev_ = &other.head_;
        first->prev_ = head_.prev_;
        head_.prev_->next_ = first;
        last->next_ = &head_;
        head_.prev_ = last;
    }

    /// Moves all of `other` in among what is here; both are in order. What is equal comes after what is here. Looked for
    /// from the back: O(other) when it belongs there.
    template <class Less>
    void merge(intrusive_list& other, Less less) noexcept {
        iterator position = end();
        while (!other.empty()) {
            T& item = other.back();
            while (position != begin()) {
                iterator before = position;
                if (!less(item, *--before)) break;
                position = before;
            }
            static_cast<list_node&>(item).unlink();
            static_cast<list_node&>(item).insert_before(*position.at_);
            position = iterator(&item);
        }
    }

    /// Puts `item` in its place in a list that is in order, behind what is equal to it. Looked for from the back.
    template <class Less>
    void insert_in_order(T& item, Less less) noexcept {
        iterator position = end();
        while (position != begin()) {
            iterator before = position;
            if (!less(item, *--before)) break;
            position = before;
        }
        static_cast<list_node&>(item).insert_before(*position.at_);
    }

    /// Stable; O(n log n).
    template <class Less>
    void sort(Less less) noexcept {
        if (!has_several()) return;
        intrusive_list sorted;
        for (std::size_t length = short_run; !empty(); length *= 2) {  // about as long as all before it
            intrusive_list run;
            move_in_order(length, run, less);
            sorted.merge(run, less);
        }
        splice_back(sorted);
    }

    class iterator {
    public:
        explicit iterator(list_node* at) noexcept : at_(at) {}
        T& operator*() const noexcept { return static_cast<T&>(*at_); }
        T* operator->() const noexcept { return static_cast<T*>(at_); }
        iterator& operator++() noexcept {
            at_ = at_->next_;
            return *this;
        }
        iterator& operator--() noexcept {
            at_ = at_->prev_;
            return *this;
        }
        bool operator==(const iterator&) const = default;

    private:
        friend class intrusive_list;
        list_node* at_;
    };
    iterator begin() noexcept { return iterator(head_.next_); }
    iterator end() noexcept { return iterator(&head_); }

private:
    static constexpr std::size_t short_run = 8;  // put in order by inserting one after the other

    /// Moves up to `count` items from the front to `run`, which is empty, in order.
    template <class Less>
    void move_in_order(std::size_t count, intrusive_list& run, Less less) noexcept {
        if (count <= short_run) {
            for (; count > 0 && !empty(); --count) run.insert_in_order(pop_front(), less);
            return;
        }
        move_in_order(count / 2, run, less);
        intrusive_list second;
        move_in_order(count / 2, second, less);
        run.merge(second, less);
    }

    list_node head_;
};

}  // namespace weft::inline v0
