// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace weft::inline v0 {

class tls_context;

/// What can be said of a context before there is a connection.
/// @param who  the function that was called, for the message
/// @param server_hostname  whom the certificate must name
/// @throws std::invalid_argument  it is a server's; it verifies, and there is no name, or one that is no host's
void check_client_context(const std::string& who, const tls_context& c, const std::string& server_hostname);
/// @throws std::invalid_argument  it is a client's
void check_server_context(const std::string& who, const tls_context& c);

}  // namespace weft::inline v0
