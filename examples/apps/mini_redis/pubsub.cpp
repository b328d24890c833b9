// SPDX-License-Identifier: Apache-2.0
#include "pubsub.hpp"

#include "client.hpp"
#include "text.hpp"

#include <algorithm>

namespace mini_redis {

namespace {

constexpr std::size_t index(pubsub::kind k) noexcept { return static_cast<std::size_t>(k); }
constexpr std::size_t cost(std::string_view name) noexcept { return 2 * name.size() + 128; }

}  // namespace

bool pubsub::subscribe(client& who, kind k, std::string_view name) {
    if (!who.subscriptions[index(k)].emplace(name).second) return false;
    topics_[index(k)][std::string(name)].push_back(&who);
    who.subscription_bytes += cost(name);
    return true;
}

bool pubsub::unsubscribe(client& who, kind k, std::string_view name) {
    string_set& names = who.subscriptions[index(k)];
    const auto mine = names.find(name);
    if (mine == names.end()) return false;
    const auto topic = topics_[index(k)].find(name);
    listeners& all = topic->second;
    *std::ranges::find(all, &who) = all.back();
    all.pop_back();
    if (all.empty()) topics_[index(k)].erase(topic);
    who.subscription_bytes -= cost(name);
    names.erase(mine);  // last: `name` may be a view of it
    return true;
}

void pubsub::remove(client& who) {
    for (kind k : {kind::channel, kind::pattern}) {
        while (!who.subscriptions[index(k)].empty()) unsubscribe(who, k, *who.subscriptions[index(k)].begin());
    }
    if (who.has_messages) std::erase(recipients_, &who);
    who.has_messages = false;
}

std::size_t pubsub::publish(std::string_view channel, std::string_view text, client& publisher) {
    std::size_t delivered = 0;
    if (const auto topic = topics_[index(kind::channel)].find(channel); topic != topics_[index(kind::channel)].end()) {
        message_.clear();
        message_.raw("*3\r\n$7\r\nmessage\r\n");
        message_.bulk(channel);
        message_.bulk(text);
        delivered += deliver(topic->second, publisher);
    }
    for (const auto& [pattern, all] : topics_[index(kind::pattern)]) {
        if (!matches_glob(pattern, channel)) continue;
        message_.clear();
        message_.raw("*4\r\n$8\r\npmessage\r\n");
        message_.bulk(pattern);
        message_.bulk(channel);
        message_.bulk(text);
        delivered += deliver(all, publisher);
    }
    return delivered;
}

std::size_t pubsub::deliver(const listeners& to, client& publisher) {
    for (client* each : to) {
        if (each->lagging) continue;
        if (each == &publisher) {
            each->out.raw(message_.view());
            continue;
        }
        if (!each->has_messages) {
            recipients_.push_back(each);
            each->has_messages = true;
        }
        try {
            each->messages.raw(message_.view());
        } catch (const reply_too_large&) {
            each->lagging = true;
        }
    }
    return to.size();
}

void pubsub::send_messages() {
    for (client* each : recipients_) {
        each->has_messages = false;
        each->send_messages();
    }
    recipients_.clear();
}

}  // namespace mini_redis
