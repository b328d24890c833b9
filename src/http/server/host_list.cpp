// SPDX-License-Identifier: Apache-2.0
#include "http/server/host_list.hpp"

#include "http/message/request_target.hpp"

#include <weft/http/headers.hpp>

#include <algorithm>
#include <stdexcept>

namespace weft::inline v0::http {

std::string_view host_name(std::string_view host) noexcept {
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && !host.substr(colon).contains(']')) host = host.substr(0, colon);
    if (host.ends_with('.')) host.remove_suffix(1);
    return host;
}

host_list::host_list(const std::vector<std::string>& hosts) {
    for (const std::string& each : hosts) {
        const bool is_suffix = each.starts_with("*.");
        const std::string_view name = std::string_view(each).substr(is_suffix ? 2 : 0);
        if (!is_authority(name) || host_name(name) != name)
            throw std::invalid_argument("http::server: '" + each + "' is no host (\"example.org\", \"*.example.org\")");
        (is_suffix ? suffixes_ : names_).push_back(each.substr(is_suffix ? 1 : 0));
    }
}

bool host_list::allows(std::string_view name) const noexcept {
    if (std::ranges::any_of(names_, [&](const std::string& each) { return is_same_token(each, name); })) return true;
    return std::ranges::any_of(suffixes_, [&](const std::string& each) {
        return name.size() > each.size() && is_same_token(name.substr(name.size() - each.size()), each);
    });
}

}  // namespace weft::inline v0::http
