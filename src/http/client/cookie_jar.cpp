// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/field_scanner.hpp"

#include <weft/http/cookie_jar.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// A URL's host whose last label is a number is an IPv4 address.
bool is_address(const url& at) noexcept {
    const std::string_view host = at.host();
    return at.is_ipv6() || std::ranges::all_of(host.substr(host.rfind('.') + 1), is_digit);  // npos + 1 is 0
}

/// RFC 6265 5.1.4
bool path_matches(std::string_view request, std::string_view cookie) noexcept {
    if (!request.starts_with(cookie)) return false;
    return request.size() == cookie.size() || cookie.ends_with('/') || request[cookie.size()] == '/';
}

std::string default_path(const url& from) {
    const std::size_t last = from.path().rfind('/');
    return last == 0 ? "/" : from.path().substr(0, last);
}

/// Which domain a cookie of this host gets; empty: it is refused.
std::string domain_for(const url& from, std::string_view wanted) {
    if (wanted.empty() || wanted == from.host()) return from.host();
    if (is_address(from) || !wanted.contains('.') || wanted.starts_with('.') || wanted.ends_with('.')) return {};
    return from.host().ends_with("." + std::string(wanted)) ? std::string(wanted) : std::string();
}

}  // namespace

/// Calls visit(cookies, whether it is the host's own) of the host and of each domain above it.
template <class Visit>
void cookie_jar::for_each_domain_of(const url& at, Visit visit) {
    for (std::string_view domain = at.host();;) {
        if (const auto found = domains_.find(domain); found != domains_.end())
            visit(found->second, domain.size() == at.host().size());
        const std::size_t dot = domain.find('.');
        if (dot == domain.npos) return;  // of an address, no part is a host
        domain.remove_prefix(dot + 1);
    }
}

bool cookie_jar::store(const url& from, std::string_view set_cookie_field, time_point now) {
    const std::optional<set_cookie> given = set_cookie::parse(set_cookie_field);
    return given && store(from, *given, now);
}

bool cookie_jar::store(const url& from, const set_cookie& given, time_point now) {
    const std::string domain = domain_for(from, lower_case(given.domain));
    // A host of one label may name itself; what it gets is its own cookie.
    const bool host_only = given.domain.empty() || is_address(from) || !given.domain.contains('.');
    if (domain.empty() || !given.keeps_its_prefix() || (given.secure && !from.is_secure())) return false;
    cookie wanted{.name = given.name,
                  .value = given.value,
                  .path = given.path.empty() ? default_path(from) : given.path,
                  .expires = time_point::max(),
                  .host_only = host_only,
                  .secure = given.secure,
                  .created = ++ticks_,
                  .used = ticks_};
    if (!from.is_secure() && would_replace_secure(from, wanted)) return false;
    if (given.max_age) {
        const auto age =
            std::clamp(*given.max_age, std::chrono::seconds(0), std::chrono::seconds(std::chrono::days(400)));
        wanted.expires = now + age;
    } else if (given.expires) {
        wanted.expires = *given.expires;
    }
    const auto at = domains_.find(domain);
    if (at != domains_.end()) {
        const auto same = std::ranges::find_if(at->second, [&](const cookie& c) {
            return c.name == wanted.name && c.path == wanted.path && c.host_only == wanted.host_only;
        });
        if (same != at->second.end()) {
            wanted.created = same->created;
            at->second.erase(same);
            --size_;
            if (at->second.empty()) domains_.erase(at);
        }
    }
    if (wanted.expires <= now) return true;
    make_room(domain, now);
    domains_[domain].push_back(std::move(wanted));
    ++size_;
    return true;
}

/// Whoever is on the way can pose as the host where there is no TLS, and is not to set what a secure cookie is taken for.
bool cookie_jar::would_replace_secure(const url& from, const cookie& given) {
    bool found = false;
    for_each_domain_of(from, [&](const cookies& all, bool) {
        found = found || std::ranges::any_of(all, [&](const cookie& c) {
                    return c.secure && c.name == given.name && path_matches(given.path, c.path);
                });
    });
    return found;
}

std::string cookie_jar::cookies_for(const url& to, time_point now) {
    std::vector<cookie*> found;
    for_each_domain_of(to, [&](cookies& all, bool is_own) {
        for (cookie& c : all) {
            if (c.expires > now && (is_own || !c.host_only) && (!c.secure || to.is_secure()) &&
                path_matches(to.path(), c.path))
                found.push_back(&c);
        }
    });
    std::ranges::sort(found, [](const cookie* a, const cookie* b) {
        return a->path.size() != b->path.size() ? a->path.size() > b->path.size() : a->created < b->created;
    });
    std::string field;
    ++ticks_;
    for (cookie* const c : found) {
        c->used = ticks_;
        field += (field.empty() ? "" : "; ") + c->name + "=" + c->value;
    }
    return field;
}

/// For one more of this domain.
void cookie_jar::make_room(const std::string& domain, time_point now) {
    const auto is_full = [&] {
        const auto at = domains_.find(domain);
        return at != domains_.end() && at->second.size() >= limits_.per_domain;
    };
    if (size_ < limits_.in_all && !is_full()) return;
    remove_expired(now);
    const auto remove_oldest = [&](auto at) {
        at->second.erase(std::ranges::min_element(at->second, {}, &cookie::used));
        --size_;
        if (at->second.empty()) domains_.erase(at);
    };
    if (is_full()) return remove_oldest(domains_.find(domain));
    if (size_ == 0 || size_ < limits_.in_all) return;
    const auto oldest_of = [](const auto& entry) { return std::ranges::min(entry.second, {}, &cookie::used).used; };
    remove_oldest(std::ranges::min_element(domains_, {}, oldest_of));
}

void cookie_jar::remove_expired(time_point now) {
    size_ = 0;
    for (auto& [domain, all] : domains_) {
        std::erase_if(all, [&](const cookie& c) { return c.expires <= now; });
        size_ += all.size();
    }
    std::erase_if(domains_, [](const auto& entry) { return entry.second.empty(); });
}

void cookie_jar::clear() noexcept {
    domains_.clear();
    size_ = 0;
}

}  // namespace weft::inline v0::http
