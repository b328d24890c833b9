// SPDX-License-Identifier: Apache-2.0
// Names without a network: what the tests of looking them up have in common.
#pragma once

#include "io/connected.hpp"
#include "net/resolver.hpp"

#include <netdb.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>

namespace weft_test {

/// Answers a loop's lookups from a table, on the loop's threads for that. It can be made to keep silent.
class name_server {
public:
    explicit name_server(std::map<std::string, std::vector<std::string>> hosts) : state_(std::make_shared<state>()) {
        state_->hosts = std::move(hosts);
    }
    name_server(const name_server&) = delete;
    name_server& operator=(const name_server&) = delete;
    ~name_server() { answer(); }

    weft::lookup_function function() const {
        return [s = state_](const weft::lookup_query& q) { return s->look_up(q); };
    }
    /// From here on the loop asks this.
    void serve(weft::event_loop& loop) const {
        loop.set_service(weft::resolver::kind, std::make_unique<weft::resolver>(loop, function()));
    }
    void serve() const { serve(weft::get_running_loop()); }

    void keep_silent() const {
        const std::lock_guard lock(state_->mutex);
        state_->silent = true;
    }
    void answer() const {
        const std::lock_guard lock(state_->mutex);
        state_->silent = false;
        state_->changed.notify_all();
    }
    /// Blocks until so many questions have come.
    void wait_until_asked(int times) const {
        std::unique_lock lock(state_->mutex);
        state_->changed.wait(lock, [&] { return state_->asked >= times; });
    }
    int asked() const {
        const std::lock_guard lock(state_->mutex);
        return state_->asked;
    }
    /// What was asked last.
    weft::lookup_query last() const {
        const std::lock_guard lock(state_->mutex);
        return state_->last;
    }

private:
    struct state {
        std::mutex mutex;
        std::condition_variable changed;
        std::map<std::string, std::vector<std::string>> hosts;
        weft::lookup_query last;
        int asked = 0;
        bool silent = false;

        /// As the system has it: what has no name is given as a number.
        weft::lookup_answer name_of(const weft::lookup_query& q) const {
            weft::lookup_answer answer;
            answer.name = {q.host, q.service == "80" && !(q.flags & NI_NUMERICSERV) ? "http" : q.service};
            bool has_name = false;
            for (const auto& [host, addresses] : hosts) {
                if (std::ranges::find(addresses, q.host) == addresses.end()) continue;
                has_name = true;
                if (!(q.flags & NI_NUMERICHOST)) answer.name.host = host;
            }
            if (!has_name && (q.flags & NI_NAMEREQD)) answer = {.error = EAI_NONAME};
            return answer;
        }
        weft::lookup_answer look_up(const weft::lookup_query& q) {
            std::unique_lock lock(mutex);
            ++asked;
            last = q;
            changed.notify_all();
            changed.wait(lock, [&] { return !silent; });
            weft::lookup_answer answer;
            if (q.for_name) return name_of(q);
            if (q.host == "busy.test") {
                answer.error = EAI_AGAIN;
            } else if (q.host == "broken.test") {
                answer.error = EAI_SYSTEM;
                answer.system_error = EMFILE;
            } else if (q.host == "crowded.test") {
                throw std::bad_alloc();
            } else if (const auto found = hosts.find(q.host); found == hosts.end()) {
                answer.error = EAI_NONAME;
            } else {
                const int port = q.service == "http" ? 80 : std::stoi("0" + q.service);
                for (const std::string& each : found->second) {
                    const auto a = weft::numeric_address(each, static_cast<std::uint16_t>(port)).value();
                    if (q.family == AF_UNSPEC || q.family == a.family()) answer.addresses.push_back(a);
                }
                if (answer.addresses.empty()) answer.error = EAI_NODATA;
            }
            return answer;
        }
    };
    std::shared_ptr<state> state_;
};

}  // namespace weft_test
