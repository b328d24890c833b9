// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/stream_core.hpp"

#include <optional>

namespace weft::inline v0 {

/// For who goes on with a stream's connection in its own way, or uses one that may be moved meanwhile.
class stream_handover {
public:
    static stream_core& core(const stream& s) { return s.core(); }
    /// Empty for an empty stream.
    static std::optional<stream_link> link(const stream& s) {
        return s ? std::optional<stream_link>(std::in_place, s.core()) : std::nullopt;
    }
    /// Waits until everything written is sent. @throws std::system_error  it could not be
    static output_awaiter flushed(const stream& s) { return flushed(s.core()); }
    static output_awaiter flushed(stream_core& s) noexcept { return {s, output_awaiter::purpose::flushed}; }
};

}  // namespace weft::inline v0
