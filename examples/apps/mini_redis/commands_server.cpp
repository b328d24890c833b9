// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <string>
#include <vector>

#include <unistd.h>

namespace mini_redis {

namespace {

void describe(reply& out, const command& each) {
    out.array(10);
    out.bulk(each.name);
    out.integer(each.arity);
    out.array(1);
    out.simple(each.flags & write ? "write" : "readonly");
    out.integer(each.first_key);
    out.integer(each.last_key);
    out.integer(each.key_step);
    for (int categories_tips_and_keys = 0; categories_tips_and_keys < 3; ++categories_tips_and_keys) out.array(0);
    out.array(each.subcommands.size());
    for (const command& sub : each.subcommands) describe(out, sub);
}

// Builds INFO's text section by section.
class info_text {
public:
    explicit info_text(context& c) : c_(c) {}

    void section(std::string_view name) {
        wanted_ = c_.args.size() == 1;
        for (std::size_t i = 1; i < c_.args.size(); ++i) {
            wanted_ |=
                is_word(c_.args[i], "all") || is_word(c_.args[i], "everything") || is_word(c_.args[i], "default");
            std::string lower(name);
            for (char& letter : lower) letter = to_lower(letter);
            wanted_ |= is_word(c_.args[i], lower);
        }
        if (wanted_) text_.append(text_.empty() ? "# " : "\r\n# ").append(name).append("\r\n");
    }
    void line(std::string_view name, std::string_view value) {
        if (wanted_) text_.append(name).append(":").append(value).append("\r\n");
    }
    void line(std::string_view name, std::uint64_t value) { line(name, std::string_view(std::to_string(value))); }
    std::string_view text() const noexcept { return text_; }

private:
    context& c_;
    std::string text_;
    bool wanted_ = true;
};

}  // namespace

void info(context& c) {
    const engine& server = c.server;
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(c.keys.now() - server.started).count();
    info_text text(c);
    text.section("Server");
    text.line("redis_version", "7.0.15");
    text.line("redis_mode", "standalone");
    text.line("server_name", "mini_redis");
    text.line("process_id", static_cast<std::uint64_t>(::getpid()));
    text.line("tcp_port", server.port);
    text.line("uptime_in_seconds", static_cast<std::uint64_t>(uptime));
    text.section("Clients");
    text.line("connected_clients", server.clients.size());
    text.line("maxclients", server.bounds.clients);
    text.section("Stats");
    text.line("total_connections_received", server.counts.connections);
    text.line("total_commands_processed", server.counts.commands);
    text.line("rejected_connections", server.counts.rejected);
    text.line("expired_keys", server.counts.expired);
    text.line("pubsub_channels", server.channels.channels());
    text.line("pubsub_patterns", server.channels.patterns());
    text.section("Replication");
    text.line("role", "master");
    text.section("Keyspace");
    if (c.keys.size() != 0) {
        text.line("db0", "keys=" + std::to_string(c.keys.size()) + ",expires=" + std::to_string(c.keys.expiring()) +
                             ",avg_ttl=0");
    }
    c.out.bulk(text.text());
}

void command_all(context& c) {
    c.out.array(all_commands().size());
    for (const command& each : all_commands()) describe(c.out, each);
}

void command_count(context& c) { c.out.integer(static_cast<std::int64_t>(all_commands().size())); }

void command_info(context& c) {
    if (c.args.size() == 2) return command_all(c);
    c.out.array(c.args.size() - 2);
    for (std::size_t i = 2; i < c.args.size(); ++i) {
        if (const command* found = find_command(c.args[i])) {
            describe(c.out, *found);
        } else {
            c.out.null();
        }
    }
}

/// Nothing: redis-cli asks for hints to show while one types, and can do without.
void command_docs(context& c) { c.out.array(0); }

void command_list(context& c) {
    if (c.args.size() > 2) return c.out.syntax_error();
    c.out.array(all_commands().size());
    for (const command& each : all_commands()) c.out.bulk(each.name);
}

void config_get(context& c) {
    std::vector<setting> found;
    for (const setting& each : c.server.settings) {
        for (std::size_t i = 2; i < c.args.size(); ++i) {
            if (!matches_glob(c.args[i], each.name, true)) continue;
            const bool is_pattern = c.args[i].find_first_of("[*?") != std::string_view::npos;
            found.push_back({is_pattern ? each.name : std::string(c.args[i]), each.value});  // a name as it was typed
            break;
        }
    }
    c.out.array(2 * found.size());
    for (const setting& each : found) {
        c.out.bulk(each.name);
        c.out.bulk(each.value);
    }
}

/// Nothing can be changed while the server runs.
void config_set(context& c) {
    if (c.args.size() % 2 == 1) return c.out.syntax_error();
    for (std::size_t i = 2; i < c.args.size(); i += 2) {
        bool known = false;
        for (const setting& each : c.server.settings) known |= is_word(c.args[i], each.name);
        if (!known) {
            return c.out.error("ERR Unknown option or number of arguments for CONFIG SET - '", quoted(c.args[i]), "'");
        }
    }
    c.out.error("ERR CONFIG SET failed (possibly related to argument '", quoted(c.args[2]),
                "') - can't set immutable config");
}

}  // namespace mini_redis
