// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

// The subcommands of `weft`, each in the file of its name. What one cannot do it throws as a std::exception, whose text
// is for the person who typed it; main() prints that and ends with 1. (2 is for a command line that makes no sense.)

void add_ps(CLI::App& weft);
void add_pstree(CLI::App& weft);
void add_stack(CLI::App& weft);
void add_top(CLI::App& weft);
void add_doctor(CLI::App& weft);
void add_frames(CLI::App& weft);
