// SPDX-License-Identifier: Apache-2.0
// The `weft` command: what a program that runs on weft is doing, and what this machine gives it.
#include "weft/commands.hpp"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    CLI::App weft("weft: what a program that runs on weft is doing, and what this machine gives it");
    weft.set_version_flag("--version", "weft " WEFT_VERSION);
    weft.require_subcommand(1);
    add_ps(weft);
    add_pstree(weft);
    add_top(weft);
    add_stack(weft);
    add_doctor(weft);
    add_frames(weft);
    try {
        weft.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return weft.exit(e) == 0 ? 0 : 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "weft: %s\n", e.what());
        return 1;
    }
}
