// SPDX-License-Identifier: Apache-2.0
#include <weft/process/exit_status.hpp>

#include <cstring>

namespace weft::inline v0 {

std::string signal_name(int signal) {
    if (const char* const name = ::sigabbrev_np(signal)) return std::string("SIG") + name;
    return "signal " + std::to_string(signal);
}

std::string exit_status::to_string() const {
    switch (kind_) {
        case kind::exited: return "exited with " + std::to_string(number_);
        case kind::killed: return "killed by " + signal_name(number_);
        case kind::dumped: return "killed by " + signal_name(number_) + " (core dumped)";
        case kind::unknown: break;
    }
    return "exited, its status was read elsewhere";
}

}  // namespace weft::inline v0
