// SPDX-License-Identifier: Apache-2.0
#include "weft/function_scan.hpp"

#include <algorithm>

function_scan::function_scan(const dwarf_die& function) { read(function); }

void function_scan::read(const dwarf_die& block) {
    blocks_.push_back(block);
    around_.push_back(block.offset());
    for (const dwarf_die& each : block.children()) {
        switch (each.tag()) {
            case DW_TAG_formal_parameter: variables.push_back({each, block.offset(), true}); break;
            case DW_TAG_variable: variables.push_back({each, block.offset(), false}); break;
            case DW_TAG_lexical_block: read(each); break;
            case DW_TAG_inlined_subroutine: calls.push_back({each, around_, true}); break;
            case DW_TAG_call_site:
            case DW_TAG_GNU_call_site: calls.push_back({each, around_, false}); break;
            case DW_TAG_label: labels.push_back({each, around_, false}); break;
            default: break;
        }
    }
    around_.pop_back();
}

std::vector<std::uint64_t> function_scan::blocks_around(std::uint64_t pc) const {
    std::vector<std::uint64_t> around;
    for (const dwarf_die& block : blocks_) {
        if (block.covers(pc)) around.push_back(block.offset());
    }
    return around;
}

std::vector<std::size_t> function_scan::declared_in(const std::vector<std::uint64_t>& blocks, unsigned line) const {
    std::vector<std::size_t> declared;
    for (std::size_t i = 0; i < variables.size(); ++i) {
        const variable& each = variables[i];
        if (std::ranges::find(blocks, each.block) == blocks.end()) continue;
        if (each.is_parameter || line == 0 || each.entry.line() < line) declared.push_back(i);
    }
    return declared;
}
