// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace weft::inline v0 {

/// How the library was built.
struct build_report {
    std::string version;  ///< of weft
    std::string compiler;  ///< "Clang 19.1.7", "GCC 14.2.0"
    std::string standard_library;  ///< "libstdc++ 14", "libc++ 190107"
    bool is_optimised = false;
    std::string sanitizers;  ///< "address", "thread"; empty: none
    bool has_io_uring = false;  ///< WEFT_WITH_IO_URING
    bool has_tls = false;  ///< WEFT_WITH_TLS
};

/// @thread any
build_report report_build();

}  // namespace weft::inline v0
