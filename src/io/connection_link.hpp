// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/stream_core.hpp"
#include "io/transport_core.hpp"

namespace weft::inline v0 {

/// Keeps hold of a connection from outside, to end it: of its stream, wherever that is moved, then of the transport that
/// takes the connection over. It keeps neither alive.
class connection_link : public stream_link {
public:
    explicit connection_link(stream_core& s) noexcept : stream_link(s, purpose::connection) { s.add(*this); }
    connection_link(connection_link&&) = delete;
    ~connection_link() { hand_over_to(nullptr); }

    /// What is unsent is sent; whoever reads finds the end.
    void close() const {
        if (stream_) return stream_->close_from_outside();
        if (transport_) transport_->close();
    }
    /// What is unsent is dropped; whoever reads or writes gets connection_aborted, a protocol no error.
    void abort() const {
        if (stream_) return stream_->abort(ECONNABORTED);
        if (transport_) transport_->abort();
    }

    /// Null: there is none any more.
    void hand_over_to(transport_core* t) noexcept {
        if (transport_) transport_->set_link(nullptr);
        transport_ = t;
        if (transport_) transport_->set_link(this);
    }

    // What its owner, a server, remembers of it: in what would be padding, so that a connection's place there stays within
    // a block of 72 bytes instead of the next size
    bool is_with_handler = false;  ///< else its TLS handshake may be under way
    bool is_aborted = false;

private:
    transport_core* transport_ = nullptr;
};

}  // namespace weft::inline v0
