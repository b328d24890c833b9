// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// Of "example.org.:8000" "example.org". @param host  as request_head::host() gives it
std::string_view host_name(std::string_view host) noexcept;

/// The hosts that a server serves.
class host_list {
public:
    /// @param hosts  "example.org", "[::1]", or "*.example.org" for what is below it, however deep
    /// @throws std::invalid_argument  something else, a port for instance
    explicit host_list(const std::vector<std::string>& hosts);

    bool empty() const noexcept { return names_.empty() && suffixes_.empty(); }
    /// @param name  as host_name() gives it
    bool allows(std::string_view name) const noexcept;

private:
    std::vector<std::string> names_;
    std::vector<std::string> suffixes_;  // ".example.org"
};

}  // namespace weft::inline v0::http
