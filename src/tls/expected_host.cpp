// SPDX-License-Identifier: Apache-2.0
#include "tls/expected_host.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weft::inline v0 {

namespace {

bool is_address(int family, const std::string& text) {
    unsigned char bytes[16];
    return ::inet_pton(family, text.c_str(), bytes) == 1;
}

/// What is wrong with a name; null: nothing. Certificates are looked through for it as it is, so that a wrong letter finds
/// none; what is refused here is what OpenSSL would take for something else, or could not ask for.
const char* fault_of(std::string_view name) {
    constexpr std::size_t longest_name = 255, longest_label = 63;
    if (name.empty()) return "it is empty";
    if (name.front() == '.') return "it begins with a dot";
    if (name.contains('%')) return "only an IPv6 address has a zone";
    if (name.size() > longest_name) return "it is longer than 255 bytes";
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) > 127; })) {
        return "it has other letters than ASCII's, and is to be given in its IDNA form (xn--...)";
    }
    for (std::string_view rest = name;;) {
        const std::size_t label = std::min(rest.find('.'), rest.size());
        if (label == 0) return "it has an empty label";
        if (label > longest_label) return "it has a label of more than 63 bytes";
        if (label == rest.size()) return nullptr;
        rest.remove_prefix(label + 1);
    }
}

}  // namespace

expected_host parse_expected_host(const std::string& who, const std::string& given) {
    if (given.find('\0') != std::string::npos) {  // which a message would end at
        throw std::invalid_argument(who + ": server_hostname is no host name: it has a NUL byte");
    }
    if (is_address(AF_INET, given)) return {.name = given, .is_address = true};
    if (std::string address = given.substr(0, given.find('%')); is_address(AF_INET6, address)) {
        return {.name = std::move(address), .is_address = true};
    }
    std::string name = given;
    if (name.size() > 1 && name.ends_with('.')) name.pop_back();
    const char* fault = fault_of(name);
    if (!fault && is_address(AF_INET, name)) fault = "it is an address with a dot at its end";
    if (fault) throw std::invalid_argument(who + ": server_hostname \"" + given + "\" is no host name: " + fault);
    return {.name = std::move(name)};
}

}  // namespace weft::inline v0
