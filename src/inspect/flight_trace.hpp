// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>

#include <iosfwd>

namespace weft::inline v0 {

class flight_recording;

/// Writes what was recorded in the last `last` before the newest record, in the JSON trace event format.
/// @thread the loop's
void write_trace(std::ostream& out, const flight_recording& recording, clock::duration last);

}  // namespace weft::inline v0
