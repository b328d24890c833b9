// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

namespace mini_redis {

item& store::set(std::string_view key, value data) {
    item* it = find(key);
    if (it == nullptr) return insert(key, std::move(data));
    it->second.data = std::move(data);
    expiry_.remove(*it);
    return *it;
}

item& store::set_string(std::string_view key, std::string_view text) {
    item* it = find(key);
    if (it == nullptr) return insert(key, std::string(text));
    if (auto* old = std::get_if<std::string>(&it->second.data)) {
        replace_text(*old, text);
    } else {
        it->second.data = std::string(text);
    }
    expiry_.remove(*it);
    return *it;
}

item& store::insert(std::string_view key, value data) {
    return *items_.emplace(key, entry{.data = std::move(data)}).first;
}

void store::erase(item& it) {
    expiry_.remove(it);
    items_.erase(items_.find(it.first));
}

bool store::erase(std::string_view key) {
    item* it = find(key);
    if (it == nullptr) return false;
    erase(*it);
    return true;
}

void store::clear() {
    expiry_.clear();
    items_ = make_empty<string_map<entry>>();  // clear() would keep the buckets
}

std::size_t store::remove_expired(std::size_t most) {
    std::size_t removed = 0;
    for (; removed < most && expiry_.earliest() < now_; ++removed) erase(expiry_.first());
    return removed;
}

}  // namespace mini_redis
