// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <algorithm>

namespace mini_redis {

namespace {

void push(context& c, bool left) {
    auto* values = c.find_or_make<list>(c.args[1]);
    if (values == nullptr) return;
    for (std::size_t i = 2; i < c.args.size(); ++i) {
        if (left) {
            values->emplace_front(c.args[i]);
        } else {
            values->emplace_back(c.args[i]);
        }
    }
    c.out.integer(static_cast<std::int64_t>(values->size()));
}

// First everything is replied, then removed: a reply that turns out to be too large has cost nothing.
void pop(context& c, bool left) {
    if (c.args.size() > 3) return c.wrong_arity();
    const bool counted = c.args.size() == 3;
    const auto wanted = counted ? parse_integer(c.args[2]) : 1;
    if (!wanted || *wanted < 0) return c.out.error("ERR value is out of range, must be positive");
    list* values;
    if (!c.find(c.args[1], values)) return;
    if (values == nullptr) return counted ? c.out.null_array() : c.out.null();

    const auto count =
        static_cast<std::ptrdiff_t>(std::min<std::size_t>(values->size(), static_cast<std::size_t>(*wanted)));
    if (counted) c.out.array(static_cast<std::size_t>(count));
    if (left) {
        std::for_each(values->begin(), values->begin() + count, [&](const std::string& each) { c.out.bulk(each); });
        values->erase(values->begin(), values->begin() + count);
    } else {
        std::for_each(values->rbegin(), values->rbegin() + count, [&](const std::string& each) { c.out.bulk(each); });
        values->erase(values->end() - count, values->end());
    }
    if (values->empty()) c.keys.erase(c.args[1]);
}

}  // namespace

void lpush(context& c) { push(c, true); }
void rpush(context& c) { push(c, false); }
void lpop(context& c) { pop(c, true); }
void rpop(context& c) { pop(c, false); }

void llen(context& c) {
    list* values;
    if (c.find(c.args[1], values)) c.out.integer(values == nullptr ? 0 : static_cast<std::int64_t>(values->size()));
}

void lrange(context& c) {
    std::int64_t start, stop;
    if (!c.read_integer(2, start) || !c.read_integer(3, stop)) return;
    list* values;
    if (!c.find(c.args[1], values)) return;
    if (values == nullptr) return c.out.array(0);

    const auto size = static_cast<std::int64_t>(values->size());
    if (start < 0) start = std::max<std::int64_t>(start + size, 0);
    if (stop < 0) stop += size;
    stop = std::min(stop, size - 1);
    if (start > stop) return c.out.array(0);
    c.out.array(static_cast<std::size_t>(stop - start + 1));
    std::for_each(values->begin() + start, values->begin() + stop + 1,
                  [&](const std::string& each) { c.out.bulk(each); });
}

}  // namespace mini_redis
