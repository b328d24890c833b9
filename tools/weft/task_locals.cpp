// SPDX-License-Identifier: Apache-2.0
#include "weft/task_locals.hpp"

#include <exception>
#include <iterator>
#include <utility>

task_locals::task_locals(const weft::target_memory& memory) : memory_(memory) {
    for (weft::mapped_file& f : memory.files()) {
        if (const auto bias = memory.load_bias(f)) {
            const std::uint64_t begin = f.begin;
            files_.emplace(begin, loaded_file{std::move(f), *bias});
        }
    }
}

/// The last one that begins before it: what is mapped in between has no code of coroutines.
task_locals::loaded_file* task_locals::file_of(std::uint64_t address) {
    const auto after = files_.upper_bound(address);
    if (after == files_.begin()) return nullptr;
    loaded_file& found = std::prev(after)->second;
    if (!found.info && found.problem.empty()) {
        try {
            found.info = std::make_unique<debug_info>(found.file.path);
        } catch (const std::exception& e) {
            found.problem = e.what();
        }
    }
    return &found;
}

std::optional<frame_values> task_locals::of(std::uint64_t frame, const weft::stack_frame& at) {
    // A frame begins with what resumes it, null when it has finished, and what destroys it.
    const auto resume = memory_.read<std::uint64_t>(frame),
               destroy = memory_.read<std::uint64_t>(frame + sizeof(void*));
    const std::uint64_t function = resume && *resume ? *resume : destroy.value_or(0);
    loaded_file* const file = file_of(function);
    if (!file || !file->info) {
        why_ = file ? file->problem : "its code is in no file";
        return std::nullopt;
    }
    const read_memory read = [this](std::uint64_t address, std::span<std::byte> into) {
        weft::memory_request one{address, into};
        memory_.read(std::span(&one, 1));
        return one.is_read;
    };
    auto values = locals_of(*file->info, function - file->bias, read, frame, source_place{at.file, at.line, 0});
    if (!values) why_ = "there is no debug information of it";
    return values;
}
