// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/debug_info.hpp"
#include "weft/dwarf_die.hpp"

#include <string>

/// A type as a person would write it: `std::vector<int>`, `const char*`, `char[256]`.
std::string type_name(const debug_info& info, const dwarf_die& type);

/// A compiler's name of a type or function without inline namespaces, default allocators and suchlike.
std::string shorter_name(std::string name);

/// `serve` from a mangled name, or from what it stands for: without parameters and result.
std::string function_name(const std::string& mangled);
