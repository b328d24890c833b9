// SPDX-License-Identifier: Apache-2.0
#include <weft/http/rate_limit.hpp>

#include <weft/loop/event_loop.hpp>

#include <algorithm>
#include <cmath>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// A bucket of tokens for each key, the one that was used last in front.
class buckets {
public:
    explicit buckets(rate_limit_options options) : options_(std::move(options)) {}

    /// @return 0: there was a token; else how long until there is one, in seconds
    double take(const std::string& key, clock::time_point now) {
        const std::scoped_lock lock(mutex_);
        bucket& b = find(key, now);
        const double each = options_.requests / std::chrono::duration<double>(options_.per).count();
        b.tokens = std::min(options_.burst, b.tokens + each * std::chrono::duration<double>(now - b.at).count());
        b.at = now;
        if (b.tokens < 1) return (1 - b.tokens) / each;
        b.tokens -= 1;
        return 0;
    }
    std::string key_of(const request& r) const { return options_.key ? options_.key(r) : r.client().host; }

private:
    struct bucket {
        std::string key;
        double tokens;
        clock::time_point at;
    };
    bucket& find(const std::string& key, clock::time_point now) {
        if (const auto known = places_.find(key); known != places_.end()) {
            buckets_.splice(buckets_.begin(), buckets_, known->second);
            return buckets_.front();
        }
        if (buckets_.size() >= options_.keys) {
            places_.erase(buckets_.back().key);
            buckets_.pop_back();
        }
        buckets_.push_front({key, options_.burst, now});
        places_.emplace(buckets_.front().key, buckets_.begin());
        return buckets_.front();
    }

    rate_limit_options options_;
    std::mutex mutex_;  // a server with several threads has the same middleware in all of them
    std::list<bucket> buckets_;
    // Keys are the buckets'. Ordered, for strangers choose them: a hash table they could make slow.
    std::map<std::string_view, std::list<bucket>::iterator> places_;
};

}  // namespace

middleware rate_limit(rate_limit_options options) {
    if (!(options.requests > 0) || options.per <= std::chrono::nanoseconds(0) || !(options.burst >= 1) ||
        options.keys == 0)
        throw std::invalid_argument("http::rate_limit: at least one request in some time, and one key");
    return [all = std::make_shared<buckets>(std::move(options))](request& r, next rest) -> task<response> {
        const double wait = all->take(all->key_of(r), get_running_loop().time());
        if (wait > 0) {
            throw http_error(status::too_many_requests, "too many requests",
                             {{"Retry-After", std::to_string(static_cast<long>(std::ceil(wait)))}});
        }
        return rest(r);
    };
}

}  // namespace weft::inline v0::http
