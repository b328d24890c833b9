// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.hpp"

#include <weft/net/resolve.hpp>

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace weft::inline v0 {

namespace {

class category_of_resolver final : public std::error_category {
public:
    const char* name() const noexcept override { return "resolver"; }
    std::string message(int code) const override { return ::gai_strerror(code); }
};

std::string describe_target(const std::string& host, const std::string& service) {
    std::string text = "resolve " + (host.empty() ? "every address" : host);
    return service.empty() || service == "0" ? text : text + ":" + service;
}

bool is_digits(const std::string& text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The port that a service spells; empty if it is a name. @throws std::invalid_argument  too large a number
std::optional<std::uint16_t> numeric_port(const std::string& service) {
    if (service.empty()) return 0;
    if (!is_digits(service)) return std::nullopt;
    std::uint16_t port = 0;
    if (std::from_chars(service.data(), service.data() + service.size(), port).ec != std::errc()) {
        throw std::invalid_argument("resolve: there is no port " + service + ", only 0 to 65535");
    }
    return port;
}

int system_family(address_family f) noexcept {
    switch (f) {
        case address_family::any: return AF_UNSPEC;
        case address_family::ipv4: return AF_INET;
        case address_family::ipv6: return AF_INET6;
    }
    return AF_UNSPEC;
}

}  // namespace

const std::error_category& resolver_category() noexcept {
    static const category_of_resolver category;
    return category;
}

resolve_error::resolve_error(std::error_code code, std::string host, std::string service)
    : std::system_error(code, describe_target(host, service)), host_(std::move(host)), service_(std::move(service)) {}

bool resolve_error::is_not_found() const noexcept {
    if (code().category() != resolver_category()) return false;
    const int error = code().value();
    return error == EAI_NONAME || error == EAI_NODATA || error == EAI_ADDRFAMILY;
}
bool resolve_error::is_temporary() const noexcept { return code() == std::error_code(EAI_AGAIN, resolver_category()); }

lookup_query make_query(std::string host, std::string service, address_family family, bool passive) {
    if (host.empty() && !passive) throw std::invalid_argument("resolve: the host is empty");
    if (host.contains('\0') || service.contains('\0'))
        throw std::invalid_argument("resolve: there is a NUL byte in the host or the service");
    const bool numeric = numeric_port(service).has_value();
    return {.host = std::move(host),
            .service = std::move(service),
            .family = system_family(family),
            .flags = (passive ? AI_PASSIVE : 0) | (numeric ? AI_NUMERICSERV : 0)};
}

lookup_query make_name_query(const address& of, const name_options& options) {
    const auto number = numeric_address(of.host, of.port);
    if (!number) throw std::invalid_argument("getnameinfo: " + of.to_string() + " is no IP address");
    if (options.numeric_host && options.name_required)
        throw std::invalid_argument("getnameinfo: a name is required, and not asked for");
    return {.host = number->text().host,
            .service = std::to_string(of.port),
            .family = number->family(),
            .flags = (options.numeric_host ? NI_NUMERICHOST : 0) | (options.numeric_service ? NI_NUMERICSERV : 0) |
                     (options.name_required ? NI_NAMEREQD : 0) | (options.datagram ? NI_DGRAM : 0) |
                     (options.short_name ? NI_NOFQDN : 0),
            .for_name = true};
}

std::optional<lookup_answer> answer_at_once(const lookup_query& q) {
    if (q.for_name) {
        if (!(q.flags & NI_NUMERICHOST) || !(q.flags & NI_NUMERICSERV)) return std::nullopt;
        return lookup_answer{.name = {q.host, q.service}};
    }
    const auto port = numeric_port(q.service);
    if (!port) return std::nullopt;  // services(5) is a file
    lookup_answer answer;
    const auto add = [&](const std::string& host) {
        const auto address = numeric_address(host, *port);
        if (address && (q.family == AF_UNSPEC || q.family == address->family())) answer.addresses.push_back(*address);
        return address.has_value();
    };
    if (q.host.empty()) {
        add("0.0.0.0");
        add("::");
    } else if (q.host == "localhost") {
        add("127.0.0.1");
        add("::1");
    } else if (!add(q.host)) {
        return std::nullopt;
    }
    if (answer.addresses.empty()) answer.error = EAI_ADDRFAMILY;
    return answer;
}

namespace {

lookup_answer ask_for_name(const lookup_query& q) {
    const socket_address of = numeric_address(q.host, numeric_port(q.service).value()).value();
    char host[NI_MAXHOST] = "", service[NI_MAXSERV] = "";
    lookup_answer answer;
    answer.error = ::getnameinfo(of.get(), of.bytes, host, sizeof host, service, sizeof service, q.flags);
    if (answer.error == EAI_SYSTEM) answer.system_error = errno;
    if (!answer.error) answer.name = {host, service};
    return answer;
}

lookup_answer ask_for_addresses(const lookup_query& q) {
    addrinfo wanted{};
    wanted.ai_family = q.family;
    wanted.ai_socktype = SOCK_STREAM;  // else every address comes once for each kind of socket
    wanted.ai_flags = q.flags;
    addrinfo* first = nullptr;
    lookup_answer answer;
    answer.error = ::getaddrinfo(q.host.empty() ? nullptr : q.host.c_str(),
                                 q.service.empty() ? nullptr : q.service.c_str(), &wanted, &first);
    if (answer.error == EAI_SYSTEM) answer.system_error = errno;
    if (answer.error) return answer;
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(first, [](addrinfo* a) { ::freeaddrinfo(a); });
    for (const addrinfo* a = first; a; a = a->ai_next) {
        socket_address found;
        if ((a->ai_family != AF_INET && a->ai_family != AF_INET6) || a->ai_addrlen > sizeof found.storage) continue;
        std::memcpy(&found.storage, a->ai_addr, a->ai_addrlen);
        found.bytes = a->ai_addrlen;
        if (std::ranges::find(answer.addresses, found) == answer.addresses.end()) answer.addresses.push_back(found);
    }
    if (answer.addresses.empty()) answer.error = EAI_NODATA;
    return answer;
}

/// @throws resolve_error  the answer is that there is none
void check(const lookup_answer& answer, const lookup_query& query) {
    if (!answer.error) return;
    const std::error_code code = answer.error == EAI_SYSTEM
                                     ? std::error_code(answer.system_error, std::generic_category())
                                     : std::error_code(answer.error, resolver_category());
    throw resolve_error(code, query.host, query.service);
}

}  // namespace

lookup_answer ask_system(const lookup_query& q) { return q.for_name ? ask_for_name(q) : ask_for_addresses(q); }

task<std::vector<socket_address>> look_up(lookup_query query, nanos deadline) {
    auto known = answer_at_once(query);
    std::shared_ptr<const lookup_answer> asked;
    if (!known) {
        asked = co_await lookup_awaiter(resolver::of(get_running_loop()), query, deadline);
        if (!asked) co_return {};
    }
    const lookup_answer& answer = known ? *known : *asked;
    check(answer, query);
    co_return answer.addresses;
}

task<std::vector<address>> resolve(std::string host, std::string service, resolve_options options) {
    std::vector<address> found;
    const auto addresses =
        co_await look_up(make_query(std::move(host), std::move(service), options.family, options.passive));
    for (const socket_address& a : addresses) found.push_back(a.text());
    co_return found;
}

task<std::vector<address>> resolve(std::string host, std::uint16_t port, resolve_options options) {
    return resolve(std::move(host), std::to_string(port), options);
}

task<host_and_service> getnameinfo(address of, name_options options) {
    const lookup_query query = make_name_query(of, options);
    if (auto known = answer_at_once(query)) co_return std::move(known->name);
    const auto asked = co_await lookup_awaiter(resolver::of(get_running_loop()), query, never);
    check(*asked, query);
    co_return asked->name;
}

}  // namespace weft::inline v0
