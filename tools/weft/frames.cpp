// SPDX-License-Identifier: Apache-2.0
// `weft frames`: what a program's coroutine frames hold, and how large they are.
#include "weft/commands.hpp"
#include "weft/frame_layout.hpp"
#include "weft/frames_report.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct frames_command {
    std::string binary;
    std::vector<std::string> functions;
    bool in_full = false, json = false;

    bool is_wanted(const coroutine_layout& each) const {
        const auto named = [&](const std::string& part) { return each.name.find(part) != std::string::npos; };
        return functions.empty() || std::ranges::any_of(functions, named);
    }
    void run() const;
};

/// What is said of several functions is said once.
std::string shared_notes(const std::vector<coroutine_layout>& all, const terminal& t) {
    std::vector<std::pair<std::string, unsigned>> notes;
    for (const coroutine_layout& each : all) {
        for (const std::string& note : each.notes) {
            const auto known = std::ranges::find(notes, note, &std::pair<std::string, unsigned>::first);
            if (known == notes.end()) {
                notes.emplace_back(note, 1);
            } else {
                ++known->second;
            }
        }
    }
    std::string text;
    for (const auto& [note, count] : notes) {
        text += t.in(terminal::colour::yellow, "note") + ": of " + std::to_string(count) +
                (count == 1 ? " function: " : " functions: ") + note + "\n";
    }
    return text;
}

void frames_command::run() const {
    const debug_info info(binary);
    std::vector<coroutine_layout> all = coroutines_of(info);
    std::erase_if(all, [&](const coroutine_layout& each) { return !is_wanted(each); });
    if (json) {
        std::fputs(frames_json(binary, all).c_str(), stdout);
        return;
    }
    if (all.empty())
        throw std::runtime_error(binary + ": no coroutine functions" + (functions.empty() ? "" : " of that name"));
    const terminal t;
    if (in_full || !functions.empty()) {
        for (const coroutine_layout& each : all) {
            std::fputs((&each == all.data() ? "" : "\n"), stdout);
            std::fputs(frame_in_full(each, t).c_str(), stdout);
        }
    } else {
        std::fputs(frames_table(all, t).c_str(), stdout);
        std::fputs(shared_notes(all, t).c_str(), stdout);
    }
}

}  // namespace

void add_frames(CLI::App& weft) {
    auto command = std::make_shared<frames_command>();
    CLI::App* const frames = weft.add_subcommand("frames", "what a program's coroutine frames hold, the largest first");
    frames->add_option("BINARY", command->binary, "a program or shared library built with -g")->required();
    frames->add_option("--function", command->functions, "those whose name has this in it, in full")->type_name("NAME");
    frames->add_flag("--full", command->in_full, "all in full: every member and every suspend point");
    frames->add_flag("--json", command->json, "for programs");
    frames->callback([command] { command->run(); });
}
