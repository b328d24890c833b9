// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/operation.hpp"

struct io_uring_sqe;

namespace weft::inline v0 {

/// Writes an operation into a submission entry.
void fill_entry(io_uring_sqe& e, operation& op) noexcept;

}  // namespace weft::inline v0
