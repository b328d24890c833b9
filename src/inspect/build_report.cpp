// SPDX-License-Identifier: Apache-2.0
#include <weft/base/version.hpp>
#include <weft/inspect/build_report.hpp>

#include <version>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

namespace weft::inline v0 {

namespace {

std::string compiler() {
#if defined(__clang__)
    return "Clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
           std::to_string(__clang_patchlevel__);
#else
    return "GCC " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) + "." +
           std::to_string(__GNUC_PATCHLEVEL__);
#endif
}

std::string standard_library() {
#if defined(_GLIBCXX_RELEASE)
    return "libstdc++ " + std::to_string(_GLIBCXX_RELEASE);
#elif defined(_LIBCPP_VERSION)
    return "libc++ " + std::to_string(_LIBCPP_VERSION);
#else
    return "";
#endif
}

std::string sanitizers() {
    if constexpr (__has_feature(thread_sanitizer)) return "thread";
    if constexpr (__has_feature(address_sanitizer)) return "address";
#if defined(__SANITIZE_ADDRESS__)
    return "address";
#elif defined(__SANITIZE_THREAD__)
    return "thread";
#else
    return "";
#endif
}

constexpr bool is_optimised =
#if defined(__OPTIMIZE__)
    true;
#else
    false;
#endif

}  // namespace

build_report report_build() {
    return {.version = version,
            .compiler = compiler(),
            .standard_library = standard_library(),
            .is_optimised = is_optimised,
            .sanitizers = sanitizers(),
            .has_io_uring = WEFT_WITH_IO_URING,
            .has_tls = WEFT_WITH_TLS};
}

}  // namespace weft::inline v0
