// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <source_location>
#include <vector>

namespace weft::inline v0 {

/// The places that an exception came through, in the order in which it did: the innermost first. Of a long path the middle
/// is left out; recursion is one place, with a count.
class exception_path {
public:
    struct place {
        std::source_location where;
        std::size_t times = 1;  ///< in a row
        bool is_call = false;  ///< made by an ordinary function, as far as is known
        void* function = nullptr;  ///< on a fiber's stack: in it, and then `where` is nowhere
    };
    /// How many places are kept of either end.
    static constexpr std::size_t longest_end = 64;

    void add_coroutine(const std::source_location& where) { add({where}); }
    void add_call(const std::source_location& where) { add({.where = where, .is_call = true}); }

    void add_function(void* address) { add({.where = {}, .function = address}); }

    /// The first places, then those that were left out, then the last ones.
    const std::vector<place>& first() const noexcept { return first_; }
    std::size_t left_out() const noexcept { return left_out_; }
    const std::vector<place>& last() const noexcept { return last_; }

private:
    void add(const place& p);

    std::vector<place> first_;
    std::size_t left_out_ = 0;
    std::vector<place> last_;  // if first_ is full
};

}  // namespace weft::inline v0
