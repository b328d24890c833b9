// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/stream_core.hpp"
#include "io/transport_core.hpp"

#include <memory>

namespace weft::inline v0 {

/// Keeps hold of a connection from outside, to end it: of its stream, wherever that is moved, then of the transport that
/// takes the connection over. It keeps neither alive.
class connection_link : public stream_link {
public:
    explicit connection_link(stream_core& s) noexcept : stream_link(s, until::connection) { s.add(*this); }
    connection_link(connection_link&&) = delete;

    /// What is unsent is sent; whoever reads finds the end.
    void close() const {
        if (stream_) return stream_->close_from_outside();
        if (const auto t = transport_.lock()) t->close();
    }
    /// What is unsent is dropped; whoever reads or writes gets connection_aborted, a protocol no error.
    void abort() const {
        if (stream_) return stream_->abort(ECONNABORTED);
        if (const auto t = transport_.lock()) t->abort();
    }

private:
    friend class stream_core;
    std::weak_ptr<transport_core> transport_;
};

}  // namespace weft::inline v0
