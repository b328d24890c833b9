// SPDX-License-Identifier: Apache-2.0
// A connection over TLS that is reset after any byte of it, the handshake's and close_notify's too, and operations under it
// that fail in any place: somebody is told, another client is served on, nothing is left.
#include "net/breaking_connections.hpp"
#include "tls/secured.hpp"

using namespace weft_test;

namespace {

kind_of_connection secured(bool by_protocols) {
    return {.by_protocols = by_protocols, .server_tls = server_context(), .client_tls = client_context()};
}

// Each byte once: a handshake takes its time.
TEST(tls_faults, of_a_reset_after_any_even_byte_between_streams_tell_somebody) {
    breaking_connections(secured(false)).reset_after_every(2);
}
TEST(tls_faults, of_a_reset_after_any_odd_byte_between_protocols_tell_somebody) {
    breaking_connections(secured(true)).reset_after_every(2, 1);
}

TEST(tls_faults, of_any_operation_between_streams_tell_somebody) { breaking_connections(secured(false)).fail_every(); }

TEST(tls_faults, of_any_operation_between_protocols_tell_somebody) { breaking_connections(secured(true)).fail_every(); }

}  // namespace
