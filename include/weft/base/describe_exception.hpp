// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>

namespace weft::inline v0 {

/// "std::runtime_error: what it said"; for what is no std::exception, its type.
std::string describe_exception(const std::exception_ptr& error);

}  // namespace weft::inline v0
