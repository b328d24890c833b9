// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/snapshot.hpp>
#include <weft/inspect/target_memory.hpp>

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

/// Whom `ps`, `pstree` and `stack` look at: a process, or a core file and its program.
struct target {
    std::string core, program;  // without a core, `program` is a process id

    void add_to(CLI::App& command);
    /// With the functions on the stacks of fibers. @throws std::runtime_error, std::system_error
    weft::process_snapshot snapshot(const weft::snapshot_options& options = {}) const;
    std::unique_ptr<weft::target_memory> memory() const;
    /// @throws std::runtime_error  it is none
    int process() const;
};
