// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace weft::inline v0 {

/// Whom a client wants to meet, as certificates name it.
struct expected_host {
    std::string name;         ///< without what some notations add: a zone, a dot at the end
    bool is_address = false;  ///< an IPv4 or IPv6 address, which is looked for among a certificate's addresses
};

/// @param given  a name or an address; a name with other letters than ASCII's in its IDNA form ("xn--…")
/// @throws std::invalid_argument  it can be no host's, such as ".example.org", which OpenSSL would take for any host below
///         example.org. What is wrong is said after `who`, the function that was called
expected_host parse_expected_host(const std::string& who, const std::string& given);

}  // namespace weft::inline v0
