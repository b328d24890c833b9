// SPDX-License-Identifier: Apache-2.0
#include "loop/backend.hpp"

#include <weft/inspect/backend_report.hpp>

#include <cstdlib>
#include <exception>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

backend_report report_backends() {
    backend_report report;
    if (const char* const asked = std::getenv("WEFT_BACKEND")) report.asked_for = asked;
    try {
        chosen_backend chosen = choose_backend();
        report.chosen = chosen.made->name();
        report.why = std::move(chosen.why);
    } catch (const std::exception& e) {
        report.why = e.what();
    }
    try {
        for (const auto& [name, use, is_there] : probe_io_uring()) {
            report.io_uring_parts.push_back({.name = name, .use = use, .is_there = is_there});
        }
        make_io_uring_backend();
        report.has_io_uring = true;
    } catch (const std::system_error& e) {
        report.io_uring_error = e.code().value();
        report.io_uring_problem = e.what();
    }
    return report;
}

}  // namespace weft::inline v0
