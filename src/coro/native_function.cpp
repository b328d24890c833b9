// SPDX-License-Identifier: Apache-2.0
#include "coro/native_function.hpp"

#include "coro/symbol_tables.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <link.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace weft::inline v0 {

namespace {

std::string as_written(const char* mangled) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, &status),
                                                           &std::free);
    return name ? readable_function(name.get()) : mangled;
}

}  // namespace

stack_frame native_function(const void* address) {
    Dl_info in = {};
    link_map* map = nullptr;
    if (::dladdr1(address, &in, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0 || !map) {
        char text[32];
        std::snprintf(text, sizeof text, "%p", address);
        return {text, "", 0};
    }
    const std::uint64_t in_file = reinterpret_cast<std::uint64_t>(address) - map->l_addr;
    // The program's own name is not in the list, and what it was started as may be a relative path.
    const bool is_program = !map->l_name || !*map->l_name;
    const std::string symbol = symbol_tables::instance().name_of(is_program ? "/proc/self/exe" : map->l_name, in_file);
    const std::string file = in.dli_fname ? in.dli_fname : "";
    if (!symbol.empty()) return {as_written(symbol.c_str()), file, 0};
    if (in.dli_sname) return {as_written(in.dli_sname), file, 0};
    char text[32];
    std::snprintf(text, sizeof text, "+0x%llx", static_cast<unsigned long long>(in_file));
    return {file.substr(file.rfind('/') + 1) + text, file, 0};
}

}  // namespace weft::inline v0
