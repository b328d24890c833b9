// SPDX-License-Identifier: Apache-2.0
#include "weft/frame_place.hpp"

#include <span>

namespace {

/// What the first operations of an expression leave, as long as it is an address of the simple kind.
class evaluation {
public:
    /// Empty: this operation, or one before, is beyond what is followed here.
    std::optional<symbolic_address> result;
    bool only_a_value = false, in_register = false;

    void run(const Dwarf_Op& op, Dwarf_Attribute& attribute) {
        const auto number = static_cast<std::int64_t>(op.number);
        if (op.atom >= DW_OP_breg0 && op.atom <= DW_OP_breg31) {
            begin("r" + std::to_string(op.atom - DW_OP_breg0), number);
        } else if (op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31) {
            begin("r" + std::to_string(op.atom - DW_OP_reg0), 0);
            in_register = true;
        } else if (op.atom == DW_OP_bregx) {
            begin("r" + std::to_string(op.number), static_cast<std::int64_t>(op.number2));
        } else if (op.atom == DW_OP_fbreg) {
            begin("fb", number);
        } else if (op.atom == DW_OP_entry_value || op.atom == DW_OP_GNU_entry_value) {
            begin_with_entry_value(op, attribute);
        } else if (op.atom == DW_OP_plus_uconst && result) {
            result->offset += number;
        } else if (op.atom == DW_OP_deref && result) {
            result = {"*(" + result->base + (result->offset < 0 ? "" : "+") + std::to_string(result->offset) + ")", 0};
        } else if (op.atom == DW_OP_stack_value) {
            only_a_value = true;
        } else {
            failed = true;
        }
        if (failed) result.reset();
    }

private:
    void begin(std::string base, std::int64_t offset) {
        if (result || failed) failed = true;  // a second operand: not simple
        result = {std::move(base), offset};
    }
    void begin_with_entry_value(const Dwarf_Op& op, Dwarf_Attribute& attribute) {
        Dwarf_Attribute inner;
        Dwarf_Op* ops = nullptr;
        std::size_t count = 0;
        if (dwarf_getlocation_attr(&attribute, &op, &inner) == 0 && dwarf_getlocation(&inner, &ops, &count) == 0 &&
            count == 1 && ops->atom >= DW_OP_reg0 && ops->atom <= DW_OP_reg31) {
            begin("entry" + std::to_string(ops->atom - DW_OP_reg0), 0);
        } else {
            failed = true;
        }
    }
    bool failed = false;
};

variable_piece piece_from(const evaluation& done) {
    variable_piece piece;
    if (!done.result) return piece;
    piece.address = *done.result;
    const bool value = done.only_a_value || done.in_register;
    piece.where = value ? variable_piece::kind::value : variable_piece::kind::memory;
    return piece;
}

/// The pieces of one expression. A piece that is said to be nowhere is left out.
void add_pieces(std::span<const Dwarf_Op> ops, Dwarf_Attribute& attribute, std::uint64_t begin, std::uint64_t end,
                std::vector<variable_piece>& into) {
    evaluation now;
    std::uint64_t at = 0;
    bool empty = true;
    const auto add = [&] {
        variable_piece piece = piece_from(now);
        piece.begin = begin;
        piece.end = end;
        piece.at = at;
        into.push_back(std::move(piece));
    };
    for (const Dwarf_Op& op : ops) {
        if (op.atom != DW_OP_piece) {
            now.run(op, attribute);
            empty = false;
            continue;
        }
        if (!empty) add();
        at += op.number;
        now = {};
        empty = true;
    }
    if (!empty) add();
}

template <class Each>
void each_expression(const dwarf_die& entry, unsigned name, Each each) {
    Dwarf_Attribute attribute;
    if (!dwarf_attr_integrate(entry.raw(), name, &attribute)) return;
    Dwarf_Addr base = 0, begin = 0, end = 0;
    Dwarf_Op* ops = nullptr;
    std::size_t count = 0;
    for (std::ptrdiff_t at = 0; (at = dwarf_getlocations(&attribute, at, &base, &begin, &end, &ops, &count)) > 0;) {
        const bool everywhere = begin == 0 && end == static_cast<Dwarf_Addr>(-1);
        each(std::span<const Dwarf_Op>(ops, count), attribute, begin, everywhere ? 0 : end);
    }
}

/// What a single operation pushes, if that is a constant.
std::optional<std::uint64_t> pushed_by(const Dwarf_Op& op) {
    if (op.atom >= DW_OP_lit0 && op.atom <= DW_OP_lit31) return op.atom - DW_OP_lit0;
    if (op.atom == DW_OP_constu || op.atom == DW_OP_consts || (op.atom >= DW_OP_const1u && op.atom <= DW_OP_const8s)) {
        return op.number;
    }
    return std::nullopt;
}

}  // namespace

std::vector<variable_piece> pieces_of(const dwarf_die& variable) {
    std::vector<variable_piece> pieces;
    each_expression(variable, DW_AT_location,
                    [&](std::span<const Dwarf_Op> ops, Dwarf_Attribute& attribute, std::uint64_t begin,
                        std::uint64_t end) { add_pieces(ops, attribute, begin, end, pieces); });
    return pieces;
}

std::optional<std::uint64_t> constant_in(const dwarf_die& entry, unsigned attribute) {
    std::optional<std::uint64_t> found;
    each_expression(entry, attribute,
                    [&](std::span<const Dwarf_Op> ops, Dwarf_Attribute&, std::uint64_t, std::uint64_t) {
                        const bool alone = ops.size() == 1 || (ops.size() == 2 && ops[1].atom == DW_OP_stack_value);
                        if (!found && alone) found = pushed_by(ops[0]);
                    });
    return found;
}

std::optional<std::uint64_t> constant_of(const dwarf_die& variable) {
    if (auto value = variable.number(DW_AT_const_value)) return value;
    return constant_in(variable, DW_AT_location);
}

void frame_pointer::learn(symbolic_address frame) { known_.try_emplace(std::move(frame.base), frame.offset); }

void frame_pointer::learn_from_frame(const dwarf_die& variable) {
    for (const variable_piece& piece : pieces_of(variable)) {
        if (piece.where == variable_piece::kind::memory && piece.at == 0) learn(piece.address);
    }
}

void frame_pointer::learn_from_pointer(const dwarf_die& variable) {
    for (const variable_piece& piece : pieces_of(variable)) {
        if (piece.at != 0) continue;
        if (piece.where == variable_piece::kind::value) learn(piece.address);
        if (piece.where == variable_piece::kind::memory) {
            const std::int64_t at = piece.address.offset;
            learn({"*(" + piece.address.base + (at < 0 ? "" : "+") + std::to_string(at) + ")", 0});
        }
    }
}

void frame_pointer::learn_from_entry(unsigned reg) { learn({"entry" + std::to_string(reg), 0}); }

std::optional<std::int64_t> frame_pointer::distance(const variable_piece& piece) const {
    if (piece.where != variable_piece::kind::memory) return std::nullopt;
    const auto known = known_.find(piece.address.base);
    if (known == known_.end()) return std::nullopt;
    const std::int64_t from_frame = piece.address.offset - known->second - static_cast<std::int64_t>(piece.at);
    if (from_frame < 0) return std::nullopt;
    return from_frame;
}

std::optional<std::uint64_t> frame_pointer::home_of(const dwarf_die& variable) const {
    std::optional<std::int64_t> home;
    for (const variable_piece& piece : pieces_of(variable)) {
        const auto here = distance(piece);
        if (!here || (home && *home != *here)) return std::nullopt;
        home = here;
    }
    return home;
}

std::optional<std::uint64_t> frame_pointer::home_of(const dwarf_die& variable, std::uint64_t pc) const {
    std::optional<std::int64_t> home;
    for (const variable_piece& piece : pieces_of(variable)) {
        if (piece.end != 0 && (pc < piece.begin || pc >= piece.end)) continue;
        const auto here = distance(piece);
        if (!here || (home && *home != *here)) return std::nullopt;
        home = here;
    }
    return home;
}
