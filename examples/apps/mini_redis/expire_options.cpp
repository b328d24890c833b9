// SPDX-License-Identifier: Apache-2.0
#include "expire_options.hpp"

#include <limits>

namespace mini_redis {

bool read_deadline(context& c, std::int64_t amount, std::int64_t unit_milliseconds, moment& deadline) {
    constexpr std::int64_t furthest = std::numeric_limits<std::int64_t>::max() - 1;  // the last moment means never
    const std::int64_t now = c.keys.now().time_since_epoch().count();
    std::int64_t milliseconds;
    if (__builtin_mul_overflow(amount, unit_milliseconds, &milliseconds) || milliseconds > furthest - now) {
        c.out.error("ERR invalid expire time in '", c.what.name, "' command");
        return false;
    }
    deadline = moment(std::chrono::milliseconds(now + milliseconds));
    return true;
}

bool read_set_options(context& c, set_options& options) {
    std::size_t expires = 0;  // where the amount of time stands
    std::int64_t unit = 0;
    for (std::size_t i = 3; i < c.args.size(); ++i) {
        const std::string_view option = c.args[i];
        if (is_word(option, "nx") && !options.only_if_present) {
            options.only_if_absent = true;
        } else if (is_word(option, "xx") && !options.only_if_absent) {
            options.only_if_present = true;
        } else if (is_word(option, "get")) {
            options.get = true;
        } else if (is_word(option, "keepttl") && expires == 0) {
            options.keep_deadline = true;
        } else if (is_word(option, "ex") && !options.keep_deadline && unit != 1 && i + 1 < c.args.size()) {
            unit = 1000;
            expires = ++i;
        } else if (is_word(option, "px") && !options.keep_deadline && unit != 1000 && i + 1 < c.args.size()) {
            unit = 1;
            expires = ++i;
        } else {
            c.out.syntax_error();
            return false;
        }
    }
    if (expires == 0) return true;
    std::int64_t amount;
    if (!c.read_integer(expires, amount)) return false;
    if (amount <= 0) amount = std::numeric_limits<std::int64_t>::max();  // refused alike
    return read_deadline(c, amount, unit, options.deadline);
}

bool read_expire_options(context& c, expire_options& options) {
    for (std::size_t i = 3; i < c.args.size(); ++i) {
        if (is_word(c.args[i], "nx")) {
            options.none = true;
        } else if (is_word(c.args[i], "xx")) {
            options.some = true;
        } else if (is_word(c.args[i], "gt")) {
            options.later = true;
        } else if (is_word(c.args[i], "lt")) {
            options.earlier = true;
        } else {
            c.out.error("ERR Unsupported option ", quoted(c.args[i], std::string_view::npos));
            return false;
        }
    }
    if (options.none && (options.some || options.later || options.earlier)) {
        c.out.error("ERR NX and XX, GT or LT options at the same time are not compatible");
        return false;
    }
    if (options.later && options.earlier) {
        c.out.error("ERR GT and LT options at the same time are not compatible");
        return false;
    }
    return true;
}

// A key that never expires counts as one that expires after all others.
bool expire_options::allow(moment old, moment fresh) const noexcept {
    if (none && old != never) return false;
    if (some && old == never) return false;
    if (later && fresh <= old) return false;
    if (earlier && fresh >= old) return false;
    return true;
}

}  // namespace mini_redis
