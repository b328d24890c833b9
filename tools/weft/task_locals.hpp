// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/frame_values.hpp"

#include <weft/inspect/snapshot.hpp>
#include <weft/inspect/target_memory.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Finds the values in coroutine frames of a target: which file their code is in, and what its debug information says.
class task_locals {
public:
    explicit task_locals(const weft::target_memory& memory);

    /// @param at  where the coroutine stands, as its promise says
    /// @return nothing if nothing is known: why() says so
    std::optional<frame_values> of(std::uint64_t frame, const weft::stack_frame& at);
    const std::string& why() const noexcept { return why_; }

private:
    struct loaded_file {
        weft::mapped_file file;
        std::uint64_t bias;
        std::unique_ptr<debug_info> info{};  // read when it is first needed
        std::string problem{};
    };
    loaded_file* file_of(std::uint64_t address);

    const weft::target_memory& memory_;
    std::map<std::uint64_t, loaded_file> files_;  // by where they begin
    std::string why_;
};
