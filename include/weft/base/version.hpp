// SPDX-License-Identifier: Apache-2.0
#pragma once

// The version of weft. Semantic versioning: while the major version is 0, a new minor version may change the interface;
// from 1.0 on only a new major version may. The inline namespace changes whenever the binary interface does, so that
// two versions linked into one program fail at link time instead of at night.

namespace weft::inline v0 {

inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
inline constexpr const char* version = "0.1.0";

}  // namespace weft::inline v0
