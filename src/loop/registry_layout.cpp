// SPDX-License-Identifier: Apache-2.0
#include "loop/memory_layout.hpp"

namespace weft::inline v0 {

/// What the registry's head points at.
extern const registry_layout layout_of_this_build;
constinit const registry_layout layout_of_this_build = memory_layout::measure();

}  // namespace weft::inline v0
