// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>

namespace weft::inline v0 {

/// "std::runtime_error: what it said"; its type alone if it says nothing, or is no std::exception.
std::string describe_exception(const std::exception_ptr& error);

/// The type of the exception object, as a person writes it; of what std::throw_with_nested has made, the type it was given.
/// @param error  not null
std::string exception_type_name(const std::exception_ptr& error);

}  // namespace weft::inline v0
