// SPDX-License-Identifier: Apache-2.0
#include "../world.hpp"

#include <weft/flow/gather.hpp>

// Several at once, as in combining.py.

namespace differential {
namespace {

std::vector<weft::future<number>> in_order(const body& b, const std::vector<number>& numbers, std::size_t from) {
    std::vector<weft::future<number>> all;
    auto left = b.around.existing(numbers, from);
    for (; from < numbers.size(); ++from) {
        if (auto found = left.extract(numbers[from])) all.push_back(found.mapped());
    }
    return all;
}

weft::task<bool> gather(body& b, const statement& s) {
    std::string all = "gets";
    for (const number one : co_await weft::gather(in_order(b, s.numbers, 0))) all += " " + text(one);
    if (all == "gets") all += " ";
    b.log(s.site, all);
    co_return false;
}

}  // namespace

vocabulary combining_words() { return {.activities = {{"gather", gather}}}; }

}  // namespace differential
