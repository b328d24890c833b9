// SPDX-License-Identifier: Apache-2.0
#include "weft/value_printer.hpp"

#include "weft/type_name.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

const std::string unreadable = "<cannot be read>";
const std::string incomplete = "<of a type that is defined nowhere here>";

std::string hexadecimal(std::uint64_t value) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

template <class Number>
std::string shortest(Number value) {
    char text[64];
    const auto done = std::to_chars(text, text + sizeof text, value);
    return {text, done.ptr};
}

std::int64_t sign_extended(std::uint64_t value, unsigned bits) {
    if (bits >= 64) return static_cast<std::int64_t>(value);
    const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
    return static_cast<std::int64_t>((value ^ sign) - sign);
}

bool is_character(const dwarf_die& type) {
    const auto encoding = type.number(DW_AT_encoding);
    return type.tag() == DW_TAG_base_type && size_of_type(type) == 1 &&
           (encoding == DW_ATE_signed_char || encoding == DW_ATE_unsigned_char || encoding == DW_ATE_UTF);
}

/// `char`, which holds text, and not `unsigned char` or std::int8_t, which seldom do.
bool is_text(const dwarf_die& type) {
    const std::string name = type.name();
    return is_character(type) && (name == "char" || name == "char8_t");
}

std::string shown_integer(std::uint64_t value, unsigned bits, const dwarf_die& type) {
    const auto encoding = type.number(DW_AT_encoding).value_or(DW_ATE_unsigned);
    if (encoding == DW_ATE_boolean && value <= 1) return value ? "true" : "false";
    const bool is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
    const std::string digits = is_signed ? shortest(sign_extended(value, bits)) : shortest(value);
    if (is_text(type) && value >= 0x20 && value < 0x7f) return digits + " '" + static_cast<char>(value) + "'";
    return digits;
}

/// The length of the UTF-8 character that begins here; 0 if none does, or one that a terminal would obey.
std::size_t utf8_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t size = byte(0) < 0xc2 ? 0 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : byte(0) < 0xf5 ? 4 : 0;
    if (size == 0 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return byte(0) == 0xc2 && byte(1) < 0xa0 ? 0 : size;
}

}  // namespace

std::string quoted(std::string_view text, bool more) {
    std::string shown = "\"";
    while (!text.empty()) {
        const char c = text.front();
        std::size_t used = 1;
        if (c == '"' || c == '\\') {
            shown += {'\\', c};
        } else if (c == '\n' || c == '\r' || c == '\t' || c == '\0') {
            shown += {'\\', c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '0'};
        } else if (c >= 0x20 && c < 0x7f) {
            shown += c;
        } else if (const std::size_t size = static_cast<unsigned char>(c) >= 0x80 ? utf8_character(text) : 0) {
            shown += text.substr(0, used = size);
        } else {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
            shown += escape;
        }
        text.remove_prefix(used);
    }
    return shown + (more ? "\"…" : "\"");
}

std::optional<std::uint64_t> value_printer::word(std::uint64_t address, std::size_t bytes) const {
    std::byte buffer[8]{};
    if (bytes > sizeof buffer || !read_(address, std::span(buffer, bytes))) return std::nullopt;
    std::uint64_t value = 0;
    std::memcpy(&value, buffer, bytes);
    return value;
}

std::string value_printer::text(std::uint64_t address, std::uint64_t size) const {
    std::vector<std::byte> bytes(std::min<std::uint64_t>(size, limits_.text));
    if (!read_(address, bytes)) return unreadable;
    return quoted({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, size > bytes.size());
}

std::string value_printer::text_to_nul(std::uint64_t address) const {
    std::string found;
    while (found.size() < limits_.text) {
        const auto next = word(address + found.size(), 1);
        if (!next) return found.empty() ? unreadable : quoted(found, true);
        if (*next == 0) return quoted(found);
        found += static_cast<char>(*next);
    }
    return quoted(found, true);
}

std::string value_printer::number(const dwarf_die& type, std::uint64_t address) const {
    const std::uint64_t size = size_of_type(type);
    if (type.number(DW_AT_encoding) == DW_ATE_float) {
        std::byte bytes[16]{};
        if (size > sizeof bytes || !read_(address, std::span(bytes, size))) return unreadable;
        const auto as = [&]<class Float>(Float value) {
            std::memcpy(&value, bytes, sizeof value);
            return shortest(value);
        };
        if (size == sizeof(float)) return as(0.0F);
        if (size == sizeof(double)) return as(0.0);
        if (size == sizeof(long double)) return as(0.0L);
        return "<a number of " + std::to_string(size) + " bytes>";
    }
    if (size == 16) {
        const auto low = word(address), high = word(address + 8);
        if (!low || !high) return unreadable;
        if (*high == 0) return shortest(*low);
        char digits[40];
        std::snprintf(digits, sizeof digits, "0x%llx%016llx", static_cast<unsigned long long>(*high),
                      static_cast<unsigned long long>(*low));
        return digits;
    }
    const auto value = word(address, size);
    return value ? shown_integer(*value, static_cast<unsigned>(size * 8), type) : unreadable;
}

std::string value_printer::enumerator(const dwarf_die& type, std::uint64_t address) const {
    const std::uint64_t size = size_of_type(type);
    const auto value = word(address, size);
    if (!value) return unreadable;
    const auto bits = static_cast<unsigned>(size * 8);
    const std::string name = type_name(info_, type);
    for (const dwarf_die& each : type.children()) {
        const auto constant = each.tag() == DW_TAG_enumerator ? each.signed_number(DW_AT_const_value) : std::nullopt;
        if (!constant || sign_extended(static_cast<std::uint64_t>(*constant), bits) != sign_extended(*value, bits))
            continue;
        return name.empty() ? each.name() : name + "::" + each.name();
    }
    return name + "(" + shortest(sign_extended(*value, bits)) + ")";
}

std::string value_printer::pointer(const dwarf_die& type, std::uint64_t address) const {
    const auto value = word(address);
    if (!value) return unreadable;
    if (*value == 0) return "nullptr";
    const auto target = type.reference();
    if (target && is_text(plain_type(*target))) return hexadecimal(*value) + " " + text_to_nul(*value);
    return hexadecimal(*value);
}

/// What it refers to: that is what the source calls by its name.
std::string value_printer::reference(const dwarf_die& type, std::uint64_t address, unsigned depth) const {
    const auto value = word(address);
    const auto target = type.reference();
    if (!value) return unreadable;
    return target && *value != 0 ? print(*target, *value, depth) : hexadecimal(*value);
}

std::string value_printer::elements(const dwarf_die& type, std::uint64_t address, std::uint64_t count,
                                    unsigned depth) const {
    const std::uint64_t size = size_of_type(type);
    if (size == 0) return "{…}";
    std::string shown;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, limits_.elements); ++i) {
        shown += (i ? ", " : "") + print(type, address + i * size, depth);
    }
    if (count > limits_.elements) shown += ", … " + std::to_string(count - limits_.elements) + " more";
    return "{" + shown + "}";
}

std::string value_printer::array(const dwarf_die& type, std::uint64_t address, unsigned depth) const {
    const auto element = type.reference();
    const std::uint64_t size = size_of_type(type);
    const std::uint64_t each = element ? size_of_type(*element) : 0;
    if (each == 0) return "{}";
    if (!is_text(plain_type(*element))) return depth == 0 ? "{…}" : elements(*element, address, size / each, depth - 1);
    std::vector<std::byte> bytes(size);
    if (!read_(address, bytes)) return unreadable;
    const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::string_view used = all.substr(0, std::min(all.find('\0'), all.size()));
    return quoted(used.substr(0, limits_.text), used.size() > limits_.text);
}

std::string value_printer::bit_field(const dwarf_die& member, const dwarf_die& type, std::uint64_t address) const {
    const auto bits = static_cast<unsigned>(member.number(DW_AT_bit_size).value_or(0));
    const std::uint64_t first = member.number(DW_AT_data_bit_offset).value_or(0);
    const std::uint64_t bytes = (first % 8 + bits + 7) / 8;
    const auto value = word(address + first / 8, bytes);
    if (bits == 0 || bits > 57 || !value) return unreadable;
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    return shown_integer(*value >> first % 8 & mask, bits, plain_type(type));
}

std::string value_printer::members(const dwarf_die& type, std::uint64_t address, unsigned depth) const {
    std::string shown;
    unsigned count = 0;
    const auto add = [&](const std::string& name, const std::string& value) {
        if (count++ < limits_.elements) {
            shown += (count > 1 ? ", " : "") + (name.empty() ? value : name + " = " + value);
        } else if (count == limits_.elements + 1) {
            shown += ", …";
        }
    };
    for (const dwarf_die& each : type.children()) {
        const auto of = each.reference();
        const bool is_static = each.has(DW_AT_external) || each.is_declaration();
        const std::string name = each.name();
        if (!of || is_static || name.starts_with("_vptr")) continue;
        const std::uint64_t at = address + each.number(DW_AT_data_member_location).value_or(0);
        if (each.tag() == DW_TAG_inheritance) {
            const std::string base = print(*of, at, depth);
            if (base != "{}") add("", base);
        } else if (each.tag() == DW_TAG_member) {
            add(name, each.has(DW_AT_bit_size) ? bit_field(each, *of, address) : print(*of, at, depth));
        }
    }
    return "{" + shown + "}";
}

std::string value_printer::print(const dwarf_die& declared, std::uint64_t address, unsigned depth) const {
    const dwarf_die type = plain_type(declared);
    switch (type.tag()) {
        case DW_TAG_base_type: return number(type, address);
        case DW_TAG_enumeration_type: return enumerator(type, address);
        case DW_TAG_pointer_type:
        case DW_TAG_ptr_to_member_type: return pointer(type, address);
        case DW_TAG_unspecified_type: return "nullptr";
        case DW_TAG_reference_type:
        case DW_TAG_rvalue_reference_type: return reference(type, address, depth);
        case DW_TAG_array_type: return array(type, address, depth);
        case DW_TAG_structure_type:
        case DW_TAG_class_type:
        case DW_TAG_union_type: break;
        default: return "<a type that is not known here>";
    }
    const dwarf_die whole = info_.definition_of(type);
    if (auto known = known_class(whole, address, depth)) return *known;
    if (whole.is_declaration()) return incomplete;
    return depth == 0 ? "{…}" : members(whole, address, depth - 1);
}
