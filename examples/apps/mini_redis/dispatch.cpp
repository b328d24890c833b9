// SPDX-License-Identifier: Apache-2.0
// From a request to the command that runs it: the checks that come before any command, in Redis's order.
#include "command.hpp"

#include <string>

namespace mini_redis {

namespace {

// A command that is refused between MULTI and EXEC makes the transaction fail as a whole.
template <class... Text>
void refuse(client& who, const command* what, const Text&... why) {
    if (what != nullptr && what->name == "exec") {
        who.multi.close();
        who.out.error("EXECABORT Transaction discarded because of: ", why...);
        return;
    }
    who.multi.mark_broken();
    who.out.error("ERR ", why...);
}

std::string shown_arguments(const arguments& args) {
    constexpr std::size_t most = 128;
    std::string shown;
    for (std::size_t i = 1; i < args.size() && shown.size() < most; ++i) {
        const std::string_view argument = quoted(args[i], most - shown.size());
        shown.append("'").append(argument).append("' ");
    }
    return shown;
}

void refuse_unknown(client& who, const arguments& args) {
    if (is_word(args[0], "post") || is_word(args[0], "host:")) {  // a browser was talked into this: hear no more of it
        who.closing = true;
        return;
    }
    if (const command* container = find_command(args[0])) {
        std::string upper(container->name);
        for (char& c : upper) c = static_cast<char>(c - ('a' - 'A'));
        return refuse(who, nullptr, "unknown subcommand '", quoted(args[1]), "'. Try ", upper, " HELP.");
    }
    refuse(who, nullptr, "unknown command '", quoted(args[0]), "', with args beginning with: ", shown_arguments(args));
}

}  // namespace

void context::wrong_arity() const { out.error("ERR wrong number of arguments for '", what.name, "' command"); }

void execute(engine& server, client& who, const arguments& args) {
    ++server.counts.commands;
    const command* what = find_command(args);
    if (what == nullptr) return refuse_unknown(who, args);
    if (!what->takes(args.size())) {
        return refuse(who, what, "wrong number of arguments for '", what->name, "' command");
    }
    who.last_command = what->name;
    if (who.subscribed() != 0 && !(what->flags & while_subscribed)) [[unlikely]] {
        return refuse(who, what, "Can't execute '", what->name,
                      "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / "
                      "RESET are allowed in this context");
    }
    if (who.multi.is_open() && !(what->flags & unqueued)) [[unlikely]] {
        if (!who.multi.add(*what, args, server.bounds.transaction_bytes)) {
            return refuse(who, nullptr, "transaction is larger than ", std::to_string(server.bounds.transaction_bytes),
                          " bytes");
        }
        return who.out.raw("+QUEUED\r\n");
    }
    run_command(server, who, *what, args);
}

void run_command(engine& server, client& who, const command& what, const arguments& args) {
    context c{server, server.keys, who, args, who.out, what};
    const std::size_t start = who.out.size();
    try {
        what.run(c);
    } catch (const reply_too_large& e) {
        who.out.truncate(start);
        who.out.error("ERR ", e.what());
    }
}

}  // namespace mini_redis
