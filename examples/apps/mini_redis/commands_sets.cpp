// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

namespace mini_redis {

void sadd(context& c) {
    auto* members = c.find_or_make<set>(c.args[1]);
    if (members == nullptr) return;
    std::int64_t added = 0;
    for (std::size_t i = 2; i < c.args.size(); ++i) {
        if (members->contains(c.args[i])) continue;
        members->emplace(c.args[i]);
        ++added;
    }
    c.out.integer(added);
}

void srem(context& c) {
    set* members;
    if (!c.find(c.args[1], members)) return;
    std::int64_t removed = 0;
    for (std::size_t i = 2; members != nullptr && i < c.args.size(); ++i) {
        if (const auto member = members->find(c.args[i]); member != members->end()) {
            members->erase(member);
            ++removed;
        }
    }
    if (members != nullptr && members->empty()) c.keys.erase(c.args[1]);
    c.out.integer(removed);
}

void smembers(context& c) {
    set* members;
    if (!c.find(c.args[1], members)) return;
    if (members == nullptr) return c.out.array(0);
    c.out.array(members->size());
    for (const std::string& each : *members) c.out.bulk(each);
}

void sismember(context& c) {
    set* members;
    if (c.find(c.args[1], members)) c.out.integer(members != nullptr && members->contains(c.args[2]));
}

void scard(context& c) {
    set* members;
    if (c.find(c.args[1], members)) c.out.integer(members == nullptr ? 0 : static_cast<std::int64_t>(members->size()));
}

}  // namespace mini_redis
