// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

namespace mini_redis {

void hset(context& c) {
    if (c.args.size() % 2 == 1) return c.wrong_arity();
    auto* fields = c.find_or_make<hash>(c.args[1]);
    if (fields == nullptr) return;
    std::int64_t added = 0;
    for (std::size_t i = 2; i < c.args.size(); i += 2) {
        if (const auto old = fields->find(c.args[i]); old != fields->end()) {
            replace_text(old->second, c.args[i + 1]);
        } else {
            fields->emplace(c.args[i], c.args[i + 1]);
            ++added;
        }
    }
    c.out.integer(added);
}

void hget(context& c) {
    hash* fields;
    if (!c.find(c.args[1], fields)) return;
    if (fields == nullptr) return c.out.null();
    const auto field = fields->find(c.args[2]);
    if (field == fields->end()) return c.out.null();
    c.out.bulk(field->second);
}

void hdel(context& c) {
    hash* fields;
    if (!c.find(c.args[1], fields)) return;
    std::int64_t removed = 0;
    for (std::size_t i = 2; fields != nullptr && i < c.args.size(); ++i) {
        if (const auto field = fields->find(c.args[i]); field != fields->end()) {
            fields->erase(field);
            ++removed;
        }
    }
    if (fields != nullptr && fields->empty()) c.keys.erase(c.args[1]);
    c.out.integer(removed);
}

void hgetall(context& c) {
    hash* fields;
    if (!c.find(c.args[1], fields)) return;
    if (fields == nullptr) return c.out.array(0);
    c.out.array(2 * fields->size());
    for (const auto& [name, text] : *fields) {
        c.out.bulk(name);
        c.out.bulk(text);
    }
}

void hlen(context& c) {
    hash* fields;
    if (c.find(c.args[1], fields)) c.out.integer(fields == nullptr ? 0 : static_cast<std::int64_t>(fields->size()));
}

}  // namespace mini_redis
