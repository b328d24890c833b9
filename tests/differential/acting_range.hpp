// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "program.hpp"

#include <cstddef>
#include <functional>
#include <iterator>

namespace differential {

/// A range that raises, or resumes what is in a slot, when it is asked for its element number `at`.
class acting_range {
public:
    acting_range(const range& text, std::function<void()> act) : text_(&text), act_(std::move(act)) {}

    class iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = int;
        using difference_type = std::ptrdiff_t;

        explicit iterator(acting_range& of) : of_(&of) { act(); }
        int operator*() const { return of_->text_->elements[index_]; }
        iterator& operator++() {
            ++index_;
            act();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) {
            return i.index_ == i.of_->text_->elements.size();
        }

    private:
        void act() const {
            if (static_cast<int>(index_) == of_->text_->at) of_->act_();
        }
        acting_range* of_;
        std::size_t index_ = 0;
    };

    iterator begin() { return iterator(*this); }
    std::default_sentinel_t end() const { return {}; }

private:
    const range* text_;
    std::function<void()> act_;
};

}  // namespace differential
