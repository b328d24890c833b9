// SPDX-License-Identifier: Apache-2.0
// `weft doctor`: what this machine gives.
#include "weft/commands.hpp"

void add_doctor(CLI::App& weft) {
    weft.add_subcommand("doctor", "what this machine gives: io_uring, limits, the backend");
}
