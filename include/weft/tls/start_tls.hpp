// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/io/protocol.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/transport.hpp>
#include <weft/tls/tls_context.hpp>

#include <memory>

namespace weft::inline v0 {

/// Has a connection that is driven by callbacks go on over TLS, as a client or as a server by the kind of the context:
///
///     transport_ = co_await weft::start_tls(transport_, shared_from_this(), context);
///
/// What was written before is sent first, as it is, even if the transport is closed meanwhile; what is written from now on,
/// by whatever handle, is protected. What was received and not delivered yet (see transport::pause_reading) belongs to the
/// handshake. `p` is called back from
/// now on, connection_made() being none of these calls, and is given nothing before whoever awaits this has gone on.
/// Reading is not paused any more then. If it fails or is cancelled the connection ends, and connection_lost() is told
/// why.
/// @param t  connected, and open in both directions
/// @return the same transport: all handles on it mean the protected connection
/// @throws tls_error, timeout_error (see the context's handshake_timeout), std::system_error; invalid_state_error: the
///         transport is closing, ended or in its handshake already; std::invalid_argument: no protocol, no
///         server_hostname for a client that verifies, or one for a server. After the last two all is as it was
/// @cancel the connection is reset   @thread the loop's
/// @see loop.start_tls, stream::start_tls
task<transport> start_tls(transport t, std::shared_ptr<protocol> p, tls_context context,
                          start_tls_options options = {});
task<transport> start_tls(transport t, std::shared_ptr<buffered_protocol> p, tls_context context,
                          start_tls_options options = {});

}  // namespace weft::inline v0
