// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client.hpp"
#include "engine.hpp"
#include "text.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace mini_redis {

/// What a command works with. Made anew for each; holds nothing but references.
struct context {
    engine& server;
    store& keys;
    client& self;
    const arguments& args;  ///< the name is args[0], of a subcommand args[1]
    reply& out;             ///< self's; exactly one reply is expected
    const command& what;

    void wrong_arity() const;

    /// Looks for a value of type T. @return false if the key holds something else, which has been replied then;
    /// else `found` is the value, or null if there is no such key
    template <class T>
    bool find(std::string_view key, T*& found) const {
        item* it = keys.find(key);
        found = it == nullptr ? nullptr : std::get_if<T>(&it->second.data);
        if (it == nullptr || found != nullptr) return true;
        out.wrong_type();
        return false;
    }
    /// As find(), but makes an empty value (of a container type) if there is no such key.
    /// @return null if the key holds something else, which has been replied then
    template <class T>
    T* find_or_make(std::string_view key) const {
        T* found;
        if (!find(key, found)) return nullptr;
        if (found != nullptr) return found;
        return &std::get<T>(keys.set(key, keys.make_empty<T>()).second.data);
    }
    /// Replies with an error if args[i] is no integer. @return whether it was one
    bool read_integer(std::size_t i, std::int64_t& value) const {
        const auto number = parse_integer(args[i]);
        if (number) {
            value = *number;
        } else {
            out.not_an_integer();
        }
        return number.has_value();
    }
};

/// How a command may be used; flags combine.
enum command_flags : std::uint8_t {
    plain = 0,
    write = 1,             ///< changes keys (shown by COMMAND INFO)
    while_subscribed = 2,  ///< allowed to a client that listens to channels
    unqueued = 4,          ///< runs at once between MULTI and EXEC
};

struct command {
    std::string_view name;  ///< lower case, as errors print it; "client|id" for a subcommand
    int arity;              ///< number of arguments with the name; -n: at least n
    std::uint8_t flags;
    void (*run)(context&);
    std::span<const command> subcommands{};
    std::int8_t first_key = 0, last_key = 0, key_step = 0;  ///< as COMMAND INFO reports them

    bool takes(std::size_t arguments) const noexcept {
        return arity >= 0 ? arguments == static_cast<std::size_t>(arity)
                          : arguments >= static_cast<std::size_t>(-arity);
    }
};

/// All commands, in the order of the table. @see command_table.cpp
std::span<const command> all_commands() noexcept;
/// @return null if there is none of that name, in whatever case
const command* find_command(std::string_view name) noexcept;
/// The command that `args` ask for, down to the subcommand.
const command* find_command(const arguments& args) noexcept;

/// Runs a command that has been looked up and found to be allowed. @see dispatch.cpp
void run_command(engine& server, client& who, const command& what, const arguments& args);

}  // namespace mini_redis
