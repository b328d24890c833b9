// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/stream_core.hpp"

namespace weft::inline v0 {

/// For who goes on with a stream's connection in its own way.
class stream_handover {
public:
    static stream_core& core(const stream& s) { return s.core(); }
    /// Waits until everything written is sent. @throws std::system_error  it could not be
    static output_awaiter flushed(const stream& s) { return {s.core(), output_awaiter::until::flushed}; }
};

}  // namespace weft::inline v0
