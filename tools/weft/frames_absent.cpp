// SPDX-License-Identifier: Apache-2.0
// In place of all that reads debug information, where libdw is not there.
#include "weft/commands.hpp"
#include "weft/frame_values.hpp"
#include "weft/native_frames.hpp"

#include <stdexcept>

struct debug_info::state {};

debug_info::debug_info(const std::string&) {
    throw std::runtime_error("debug information cannot be read: this command was built without libdw (libdw-dev)");
}
debug_info::~debug_info() = default;
debug_info::debug_info(debug_info&&) noexcept = default;

std::optional<frame_values> locals_of(const debug_info&, std::uint64_t, const read_memory&, std::uint64_t,
                                      const std::optional<source_place>&) {
    return std::nullopt;
}

void add_native_frames(weft::process_snapshot&, const weft::target_memory&) {}

void add_frames(CLI::App& weft) {
    CLI::App* const frames = weft.add_subcommand("frames", "(not in this build, which is without libdw)");
    frames->allow_extras();
    frames->callback([] { throw std::runtime_error("frames: this command was built without libdw (libdw-dev)"); });
}
