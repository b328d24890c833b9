// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "expire_options.hpp"

#include <vector>

namespace mini_redis {

namespace {

using std::chrono::milliseconds;

void expire_in(context& c, std::int64_t unit_milliseconds) {
    expire_options options;
    std::int64_t amount;
    moment deadline;
    if (!read_expire_options(c, options) || !c.read_integer(2, amount)) return;
    if (!read_deadline(c, amount, unit_milliseconds, deadline)) return;
    item* it = c.keys.find(c.args[1]);
    if (it == nullptr || !options.allow(it->second.deadline, deadline)) return c.out.integer(0);
    if (deadline <= c.keys.now()) {
        c.keys.erase(*it);
    } else {
        c.keys.expire_at(*it, deadline);
    }
    c.out.integer(1);
}

// Replies with the time left as `show` makes it of milliseconds.
template <class Show>
void time_left(context& c, Show show) {
    const item* it = c.keys.find(c.args[1]);
    if (it == nullptr) return c.out.integer(-2);
    if (it->second.deadline == never) return c.out.integer(-1);
    c.out.integer(show((it->second.deadline - c.keys.now()).count()));
}

}  // namespace

void expire(context& c) { expire_in(c, 1000); }
void pexpire(context& c) { expire_in(c, 1); }
void ttl(context& c) {
    time_left(c, [](std::int64_t left) { return (left + 500) / 1000; });
}
void pttl(context& c) {
    time_left(c, [](std::int64_t left) { return left; });
}

void persist(context& c) {
    item* it = c.keys.find(c.args[1]);
    if (it == nullptr || it->second.deadline == never) return c.out.integer(0);
    c.keys.expire_at(*it, never);
    c.out.integer(1);
}

void del(context& c) {
    std::int64_t removed = 0;
    for (std::size_t i = 1; i < c.args.size(); ++i) removed += c.keys.erase(c.args[i]);
    c.out.integer(removed);
}

void exists(context& c) {
    std::int64_t found = 0;
    for (std::size_t i = 1; i < c.args.size(); ++i) found += c.keys.find(c.args[i]) != nullptr;
    c.out.integer(found);
}

void type(context& c) {
    static constexpr std::string_view names[] = {"string", "string", "list", "hash", "set"};
    static_assert(std::size(names) == std::variant_size_v<value>);
    const item* it = c.keys.find(c.args[1]);
    c.out.simple(it == nullptr ? "none" : names[it->second.data.index()]);
}

void keys(context& c) {
    std::vector<const item*> found;  // how many there are stands before them in the reply
    c.keys.for_each([&](const item& it) {
        if (matches_glob(c.args[1], it.first)) found.push_back(&it);
    });
    c.out.array(found.size());
    for (const item* it : found) c.out.bulk(it->first);
}

void dbsize(context& c) { c.out.integer(static_cast<std::int64_t>(c.keys.size())); }

void flushall(context& c) {
    if (c.args.size() > 2 || (c.args.size() == 2 && !is_word(c.args[1], "sync") && !is_word(c.args[1], "async"))) {
        return c.out.syntax_error();
    }
    c.keys.clear();
    c.out.ok();
}

}  // namespace mini_redis
