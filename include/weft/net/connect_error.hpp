// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/io/address.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace weft::inline v0 {

/// Why one address was not connected to.
struct connect_failure {
    address to;
    std::error_code error;
    std::string what;  ///< "connect to 127.0.0.1:80: Connection refused"
};

/// No address of a host could be connected to. Its code is that of the first of them, which the system prefers.
/// @thread any
class connect_error : public std::system_error {
public:
    /// @param target  what was asked for: "example.org:80"  @param failures  at least one
    connect_error(const std::string& target, std::vector<connect_failure> failures);

    const char* what() const noexcept override { return shared_->text.c_str(); }
    /// Each address that was tried, in the order of their failing.
    const std::vector<connect_failure>& failures() const noexcept { return shared_->failures; }

private:
    struct content {
        std::vector<connect_failure> failures;
        std::string text;
    };
    std::shared_ptr<const content> shared_;  // an exception is copied without a throw
};

}  // namespace weft::inline v0
