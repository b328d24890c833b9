// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace weft::inline v0::http {

/// How much a client that says `gzip;q=0.8, br, *;q=0.1` wants that coding: from 0, not at all, to 1000. "identity", which is
/// none, is taken if nothing is said of it, but anything else that is taken rather. A member that is malformed is passed over.
/// @see RFC 9110 12.5.3
int coding_quality(std::string_view accept_encoding, std::string_view coding) noexcept;

}  // namespace weft::inline v0::http
