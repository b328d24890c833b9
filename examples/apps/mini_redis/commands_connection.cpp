// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace mini_redis {

namespace {

std::int64_t seconds_since(context& c, moment then) {
    return std::chrono::duration_cast<std::chrono::seconds>(c.keys.now() - then).count();
}

// One line of CLIENT LIST: Redis's fields as far as there is something to say.
void describe(context& c, const client& who, std::string& to) {
    const auto add = [&](std::string_view label, std::string_view text) { to.append(label).append(text); };
    const auto count = [&](std::string_view label, std::int64_t number) { add(label, std::to_string(number)); };
    count("id=", static_cast<std::int64_t>(who.id));
    add(" addr=", who.address);
    add(" laddr=", who.local_address);
    add(" name=", who.name);
    count(" age=", seconds_since(c, who.connected));
    count(" idle=", seconds_since(c, who.active));
    add(" flags=", who.subscribed() != 0 ? "P" : who.multi.is_open() ? "x" : "N");
    count(" db=0 sub=", static_cast<std::int64_t>(who.subscriptions[0].size()));
    count(" psub=", static_cast<std::int64_t>(who.subscriptions[1].size()));
    count(" multi=", who.multi.is_open() ? static_cast<std::int64_t>(who.multi.commands().size()) : -1);
    count(" multi-mem=", static_cast<std::int64_t>(who.multi.size_bytes()));
    add(" cmd=", who.last_command);
    add(" user=default resp=2", "\n");
}

}  // namespace

void ping(context& c) {
    if (c.args.size() > 2) return c.wrong_arity();
    const std::string_view text = c.args.size() == 2 ? c.args[1] : std::string_view();
    if (c.self.subscribed() != 0) {  // must look like a message to who reads only messages now
        c.out.array(2);
        c.out.bulk("pong");
        c.out.bulk(text);
    } else if (c.args.size() == 2) {
        c.out.bulk(text);
    } else {
        c.out.raw("+PONG\r\n");
    }
}

void echo(context& c) { c.out.bulk(c.args[1]); }

void quit(context& c) {
    c.self.closing = true;
    c.out.ok();
}

void select(context& c) {
    std::int64_t number;
    if (!c.read_integer(1, number)) return;
    if (number != 0) return c.out.error("ERR DB index is out of range");
    c.out.ok();
}

void client_id(context& c) { c.out.integer(static_cast<std::int64_t>(c.self.id)); }

void client_getname(context& c) {
    if (c.self.name.empty()) return c.out.null();
    c.out.bulk(c.self.name);
}

void client_setname(context& c) {
    if (std::ranges::any_of(c.args[2], [](char x) { return x < '!' || x > '~'; })) {
        return c.out.error("ERR Client names cannot contain spaces, newlines or special characters.");
    }
    c.self.name = c.args[2];
    c.out.ok();
}

void client_info(context& c) {
    std::string line;
    describe(c, c.self, line);
    c.out.bulk(line);
}

void client_list(context& c) {
    if (c.args.size() > 2) return c.out.syntax_error();
    std::string lines;
    for (const client* each : c.server.clients) describe(c, *each, lines);
    c.out.bulk(lines);
}

}  // namespace mini_redis
