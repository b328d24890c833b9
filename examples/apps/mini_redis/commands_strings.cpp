// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "expire_options.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace mini_redis {

namespace {

// Replies with what `it` holds; null for no item. @return false if it holds no string, which has been replied then
bool reply_string(reply& out, const item* it) {
    if (it == nullptr) {
        out.null();
    } else if (const auto* text = std::get_if<std::string>(&it->second.data)) {
        out.bulk(*text);
    } else if (const auto* number = std::get_if<std::int64_t>(&it->second.data)) {
        out.bulk(*number);
    } else {
        out.wrong_type();
        return false;
    }
    return true;
}

std::size_t decimal_digits(std::int64_t value, char (&to)[20]) {
    return static_cast<std::size_t>(std::to_chars(to, to + sizeof to, value).ptr - to);
}

// What `it` holds as a number; empty, and an error has been replied, if it is none.
std::optional<std::int64_t> as_number(reply& out, const item& it) {
    if (const auto* number = std::get_if<std::int64_t>(&it.second.data)) return *number;
    const auto* text = std::get_if<std::string>(&it.second.data);
    if (text == nullptr) {
        out.wrong_type();
        return std::nullopt;
    }
    const auto parsed = parse_integer(*text);
    if (!parsed) out.not_an_integer();
    return parsed;
}

void add(context& c, std::int64_t change) {
    item* it = c.keys.find(c.args[1]);
    std::int64_t sum = change;
    if (it != nullptr) {
        const auto old = as_number(c.out, *it);
        if (!old) return;
        if (__builtin_add_overflow(*old, change, &sum)) {
            return c.out.error("ERR increment or decrement would overflow");
        }
        it->second.data = sum;  // the deadline stays
    } else {
        c.keys.set(c.args[1], sum);
    }
    c.out.integer(sum);
}

}  // namespace

void get(context& c) { reply_string(c.out, c.keys.find(c.args[1])); }

void set_key(context& c) {
    set_options options;
    if (c.args.size() > 3 && !read_set_options(c, options)) return;
    if (options.is_plain()) {
        c.keys.set_string(c.args[1], c.args[2]);
        return c.out.ok();
    }
    const item* old = c.keys.find(c.args[1]);
    if (options.get && !reply_string(c.out, old)) return;
    if ((options.only_if_absent && old != nullptr) || (options.only_if_present && old == nullptr)) {
        if (!options.get) c.out.null();
        return;
    }
    const moment deadline = options.keep_deadline && old != nullptr ? old->second.deadline : options.deadline;
    c.keys.expire_at(c.keys.set_string(c.args[1], c.args[2]), deadline);
    if (!options.get) c.out.ok();
}

void getset(context& c) {
    if (reply_string(c.out, c.keys.find(c.args[1]))) c.keys.set_string(c.args[1], c.args[2]);
}

void mset(context& c) {
    if (c.args.size() % 2 == 0) return c.wrong_arity();
    for (std::size_t i = 1; i < c.args.size(); i += 2) c.keys.set_string(c.args[i], c.args[i + 1]);
    c.out.ok();
}

void mget(context& c) {
    c.out.array(c.args.size() - 1);
    for (std::size_t i = 1; i < c.args.size(); ++i) {
        const std::size_t start = c.out.size();
        if (reply_string(c.out, c.keys.find(c.args[i]))) continue;
        c.out.truncate(start);
        c.out.null();
    }
}

void incr(context& c) { add(c, 1); }
void decr(context& c) { add(c, -1); }

void incrby(context& c) {
    std::int64_t change;
    if (c.read_integer(2, change)) add(c, change);
}

void decrby(context& c) {
    std::int64_t change;
    if (!c.read_integer(2, change)) return;
    if (change == std::numeric_limits<std::int64_t>::min()) return c.out.error("ERR decrement would overflow");
    add(c, -change);
}

void append(context& c) {
    constexpr std::size_t most = 512 << 20;
    item* it = c.keys.find(c.args[1]);
    if (it == nullptr) it = &c.keys.set_string(c.args[1], {});
    if (const auto* number = std::get_if<std::int64_t>(&it->second.data)) {
        char digits[20];
        it->second.data = std::string(digits, decimal_digits(*number, digits));
    }
    auto* text = std::get_if<std::string>(&it->second.data);
    if (text == nullptr) return c.out.wrong_type();
    if (text->size() + c.args[2].size() > most) {
        return c.out.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    }
    text->append(c.args[2]);
    c.out.integer(static_cast<std::int64_t>(text->size()));
}

void strlen(context& c) {
    const item* it = c.keys.find(c.args[1]);
    if (it == nullptr) return c.out.integer(0);
    if (const auto* text = std::get_if<std::string>(&it->second.data)) {
        return c.out.integer(static_cast<std::int64_t>(text->size()));
    }
    char digits[20];
    const auto* number = std::get_if<std::int64_t>(&it->second.data);
    if (number == nullptr) return c.out.wrong_type();
    c.out.integer(static_cast<std::int64_t>(decimal_digits(*number, digits)));
}

}  // namespace mini_redis
