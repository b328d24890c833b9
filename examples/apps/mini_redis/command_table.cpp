// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace mini_redis {

namespace {

constexpr command client_commands[] = {
    {"client|getname", 2, plain, client_getname}, {"client|id", 2, plain, client_id},
    {"client|info", 2, plain, client_info},       {"client|list", -2, plain, client_list},
    {"client|setname", 3, plain, client_setname},
};

constexpr command command_commands[] = {
    {"command|count", 2, plain, command_count},
    {"command|docs", -2, plain, command_docs},
    {"command|info", -2, plain, command_info},
    {"command|list", -2, plain, command_list},
};

constexpr command config_commands[] = {
    {"config|get", -3, plain, config_get},
    {"config|set", -4, plain, config_set},
};

// clang-format off
constexpr command table[] = {
    // strings
    {"append", 3, write, append, {}, 1, 1, 1},
    {"decr", 2, write, decr, {}, 1, 1, 1},
    {"decrby", 3, write, decrby, {}, 1, 1, 1},
    {"get", 2, plain, get, {}, 1, 1, 1},
    {"getset", 3, write, getset, {}, 1, 1, 1},
    {"incr", 2, write, incr, {}, 1, 1, 1},
    {"incrby", 3, write, incrby, {}, 1, 1, 1},
    {"mget", -2, plain, mget, {}, 1, -1, 1},
    {"mset", -3, write, mset, {}, 1, -1, 2},
    {"set", -3, write, set_key, {}, 1, 1, 1},
    {"strlen", 2, plain, strlen, {}, 1, 1, 1},
    // keys of any type
    {"dbsize", 1, plain, dbsize},
    {"del", -2, write, del, {}, 1, -1, 1},
    {"exists", -2, plain, exists, {}, 1, -1, 1},
    {"expire", -3, write, expire, {}, 1, 1, 1},
    {"flushall", -1, write, flushall},
    {"keys", 2, plain, keys},
    {"persist", 2, write, persist, {}, 1, 1, 1},
    {"pexpire", -3, write, pexpire, {}, 1, 1, 1},
    {"pttl", 2, plain, pttl, {}, 1, 1, 1},
    {"ttl", 2, plain, ttl, {}, 1, 1, 1},
    {"type", 2, plain, type, {}, 1, 1, 1},
    // lists
    {"llen", 2, plain, llen, {}, 1, 1, 1},
    {"lpop", -2, write, lpop, {}, 1, 1, 1},
    {"lpush", -3, write, lpush, {}, 1, 1, 1},
    {"lrange", 4, plain, lrange, {}, 1, 1, 1},
    {"rpop", -2, write, rpop, {}, 1, 1, 1},
    {"rpush", -3, write, rpush, {}, 1, 1, 1},
    // hashes
    {"hdel", -3, write, hdel, {}, 1, 1, 1},
    {"hget", 3, plain, hget, {}, 1, 1, 1},
    {"hgetall", 2, plain, hgetall, {}, 1, 1, 1},
    {"hlen", 2, plain, hlen, {}, 1, 1, 1},
    {"hset", -4, write, hset, {}, 1, 1, 1},
    // sets
    {"sadd", -3, write, sadd, {}, 1, 1, 1},
    {"scard", 2, plain, scard, {}, 1, 1, 1},
    {"sismember", 3, plain, sismember, {}, 1, 1, 1},
    {"smembers", 2, plain, smembers, {}, 1, 1, 1},
    {"srem", -3, write, srem, {}, 1, 1, 1},
    // channels
    {"psubscribe", -2, while_subscribed, psubscribe},
    {"publish", 3, plain, publish},
    {"punsubscribe", -1, while_subscribed, punsubscribe},
    {"subscribe", -2, while_subscribed, subscribe},
    {"unsubscribe", -1, while_subscribed, unsubscribe},
    // transactions
    {"discard", 1, unqueued, discard},
    {"exec", 1, unqueued, exec},
    {"multi", 1, unqueued, multi},
    // the connection
    {"client", -2, plain, needs_subcommand, client_commands},
    {"echo", 2, plain, echo},
    {"ping", -1, while_subscribed, ping},
    {"quit", -1, while_subscribed | unqueued, quit},
    {"select", 2, plain, select},
    // the server
    {"command", -1, plain, command_all, command_commands},
    {"config", -2, plain, needs_subcommand, config_commands},
    {"info", -1, plain, info},
};
// clang-format on

// A name of up to 16 letters as two numbers, so that looking one up compares no strings. Setting bit 5 turns capitals
// into small letters, and nothing but a letter into a letter.
struct packed_name {
    std::uint64_t low = 0, high = 0;

    static constexpr std::size_t most = 16;
    bool operator==(const packed_name&) const = default;
    constexpr std::size_t slot(std::size_t slots) const noexcept {
        return ((low ^ std::rotl(high, 23)) * 0x9e3779b97f4a7c15) >> (64 - std::countr_zero(slots));
    }
};

constexpr std::uint64_t small_letters = 0x2020202020202020;

constexpr packed_name pack(std::string_view name) noexcept {
    char bytes[packed_name::most] = {};
    for (std::size_t i = 0; i < name.size(); ++i) bytes[i] = name[i];
    std::uint64_t low = 0, high = 0;
    if consteval {
        for (std::size_t i = 0; i < 8; ++i) {
            low |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
            high |= static_cast<std::uint64_t>(bytes[8 + i]) << (8 * i);
        }
    } else {
        std::memcpy(&low, bytes, 8);
        std::memcpy(&high, bytes + 8, 8);
    }
    return {low | small_letters, high | small_letters};
}

// Open addressing, filled by the compiler; a quarter full at most.
struct name_index {
    static constexpr std::size_t slots = std::bit_ceil(4 * std::size(table));
    std::array<packed_name, slots> names{};
    std::array<const command*, slots> commands{};
};

constexpr name_index index = [] {
    name_index made;
    for (const command& each : table) {
        const packed_name name = pack(each.name);
        std::size_t slot = name.slot(name_index::slots);
        while (made.commands[slot] != nullptr) slot = (slot + 1) % name_index::slots;
        made.names[slot] = name;
        made.commands[slot] = &each;
    }
    return made;
}();

static_assert(std::endian::native == std::endian::little,
              "pack() gives other numbers when compiling than when running");

}  // namespace

std::span<const command> all_commands() noexcept { return table; }

const command* find_command(std::string_view name) noexcept {
    if (name.size() > packed_name::most) return nullptr;
    const packed_name wanted = pack(name);
    for (std::size_t slot = wanted.slot(name_index::slots); index.commands[slot] != nullptr;
         slot = (slot + 1) % name_index::slots) {
        if (index.names[slot] == wanted)
            return index.commands[slot]->name.size() == name.size() ? index.commands[slot] : nullptr;
    }
    return nullptr;
}

const command* find_command(const arguments& args) noexcept {
    const command* found = find_command(args[0]);
    if (found == nullptr || found->subcommands.empty() || args.size() == 1) return found;
    for (const command& each : found->subcommands) {
        if (is_word(args[1], each.name.substr(found->name.size() + 1))) return &each;
    }
    return nullptr;
}

}  // namespace mini_redis
