// SPDX-License-Identifier: Apache-2.0
#include "weft/target.hpp"

#include "weft/native_frames.hpp"

#include <stdexcept>

void target::add_to(CLI::App& command) {
    // PID, or with --core: PROGRAM. One positional that is either, for both stand in the same place.
    command.add_option("--core", core, "look into this core file; PROGRAM is what ran")->type_name("FILE");
    command.add_option("who", program, "the process, by its id; with --core the program")
        ->required()
        ->type_name("PID|PROGRAM");
}

weft::process_snapshot target::snapshot(const weft::snapshot_options& options) const {
    weft::process_snapshot p =
        core.empty() ? weft::snapshot_process(process(), options) : weft::snapshot_core(core, program, options);
    if (has_fibers(p)) add_native_frames(p, *memory());
    return p;
}

std::unique_ptr<weft::target_memory> target::memory() const {
    return core.empty() ? weft::memory_of_process(process()) : weft::memory_of_core(core, program);
}

int target::process() const {
    if (!core.empty()) throw std::runtime_error("this needs a process that runs, not a core file");
    std::size_t end = 0;
    int pid = 0;
    try {
        pid = std::stoi(program, &end);
    } catch (const std::exception&) {
    }
    if (end != program.size() || pid <= 0)
        throw std::runtime_error(program + " is no process id (with --core FILE it would be a program)");
    return pid;
}
