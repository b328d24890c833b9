// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace weft::inline v0 {

/// Names this thread "`name`-`number`" for debuggers; the name is cut so that the number is there.
void name_this_thread(const std::string& name, std::size_t number);

}  // namespace weft::inline v0
