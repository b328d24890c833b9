// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0 {

struct tls_certificate {
    std::string subject, issuer;  ///< "CN=example.org,O=…" (RFC 2253)
    std::chrono::system_clock::time_point not_before, not_after;
    std::vector<std::byte> der;  ///< the certificate itself
};

/// What the two ends of a TLS connection agreed on. @see stream::tls, ssl.SSLObject
struct tls_info {
    std::string version;        ///< "TLSv1.3"
    std::string cipher;         ///< "TLS_AES_256_GCM_SHA384"
    std::string alpn_protocol;  ///< "h2"; empty: none was agreed on
    /// The host that the client asked for; empty: it named none. A resumed session of TLS 1.2 has that of the session's
    /// first connection.
    std::string server_name;
    bool session_resumed = false;
    /// Empty on a server whose client gave none. A resumed session has that of the session's first connection.
    std::optional<tls_certificate> peer_certificate;
};

}  // namespace weft::inline v0
