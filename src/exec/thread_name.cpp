// SPDX-License-Identifier: Apache-2.0
#include "exec/thread_name.hpp"

#include <pthread.h>

#include <algorithm>

namespace weft::inline v0 {

void name_this_thread(const std::string& name, std::size_t number) {
    constexpr std::size_t limit_bytes = 15;  // the kernel's
    const std::string suffix = "-" + std::to_string(number);
    const std::string whole = name.substr(0, limit_bytes - std::min(limit_bytes, suffix.size())) + suffix;
    ::pthread_setname_np(::pthread_self(), whole.c_str());  // that a name is refused is no reason to stop
}

}  // namespace weft::inline v0
