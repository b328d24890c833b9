// SPDX-License-Identifier: Apache-2.0
#include "weft/type_name.hpp"

#include <weft/coro/traceback.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

/// Where the template argument that begins at `at` ends: at its comma, or the bracket that closes the list.
std::size_t end_of_argument(std::string_view text, std::size_t at) {
    int depth = 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (depth == 0 && (c == ',' || c == '>')) return at;
        if (c == '<' || c == '(') ++depth;
        if (c == '>' || c == ')') --depth;
    }
    return at;
}

/// Arguments that are nearly always the default: `, std::allocator<int>`.
void remove_argument(std::string& text, std::string_view begins) {
    for (auto at = text.find(begins); at != std::string::npos; at = text.find(begins, at)) {
        std::size_t end = end_of_argument(text, at + 2);
        if (at + 2 > text.size()) return;
        if (end < text.size() && text[end] == '>' && text[end - 1] == ' ') --end;
        text.erase(at, end - at);
    }
}

std::string array_bounds(const dwarf_die& array) {
    std::string bounds;
    for (const dwarf_die& each : array.children()) {
        if (each.tag() != DW_TAG_subrange_type) continue;
        std::optional<std::uint64_t> count = each.number(DW_AT_count);
        if (!count) {
            if (const auto last = each.number(DW_AT_upper_bound)) count = *last + 1;
        }
        bounds += "[" + (count ? std::to_string(*count) : "") + "]";
    }
    return bounds;
}

}  // namespace

std::string shorter_name(std::string name) {
    replace_all(name, "weft::v0::", "weft::");
    for (const std::string_view inner : {"std::__cxx11::", "std::__1::", "std::__n4861::", "std::_V2::"}) {
        replace_all(name, inner, "std::");
    }
    for (const std::string_view rest : {", std::char_traits<", ", std::allocator<", ", std::default_delete<"}) {
        remove_argument(name, rest);
    }
    replace_all(name, "std::basic_string<char>", "std::string");
    replace_all(name, "std::basic_string<char >", "std::string");
    replace_all(name, "std::basic_string_view<char>", "std::string_view");
    replace_all(name, "std::basic_string_view<char >", "std::string_view");
    replace_all(name, "(anonymous namespace)::", "");
    for (const std::string_view base : {"long long", "long", "short"}) {  // as GCC has them
        replace_all(name, std::string(base) + " unsigned int", "unsigned " + std::string(base));
        replace_all(name, std::string(base) + " int", base);
    }
    replace_all(name, " >", ">");
    return name;
}

std::string type_name(const debug_info& info, const dwarf_die& type) {
    const auto target = type.reference();
    const auto of_target = [&] { return target ? type_name(info, *target) : std::string("void"); };
    switch (type.tag()) {
        case DW_TAG_const_type: {
            const std::string inner = of_target();
            return inner.ends_with('*') ? inner + " const" : "const " + inner;
        }
        case DW_TAG_volatile_type: return "volatile " + of_target();
        case DW_TAG_restrict_type: return of_target();
        case DW_TAG_atomic_type: return "_Atomic " + of_target();
        case DW_TAG_pointer_type:
            if (target && target->tag() == DW_TAG_subroutine_type) return "function*";
            return of_target() + "*";
        case DW_TAG_reference_type: return of_target() + "&";
        case DW_TAG_rvalue_reference_type: return of_target() + "&&";
        case DW_TAG_array_type: return of_target() + array_bounds(type);
        case DW_TAG_subroutine_type: return "function";
        case DW_TAG_ptr_to_member_type: return "member pointer";
        default: break;
    }
    if (type.name().empty()) {
        for (const dwarf_die& each : type.children()) {
            if (each.tag() == DW_TAG_subprogram && each.name() == "operator()") return "lambda";
        }
        return type.tag() == DW_TAG_union_type ? "union" : "struct";
    }
    return shorter_name(info.qualified_name(type));
}

std::string function_name(const std::string& mangled) {
    int status = 0;
    const std::string plain = mangled.substr(0, mangled.ends_with(".Frame") ? mangled.size() - 6 : mangled.size());
    const std::unique_ptr<char, decltype(&std::free)> readable(
        abi::__cxa_demangle(plain.c_str(), nullptr, nullptr, &status), &std::free);
    if (!readable) return plain;
    const std::string_view whole = readable.get();
    const bool is_lambda = whole.find(")::{lambda(") != whole.npos || whole.find("::$_") != whole.npos ||
                           whole.find(")::'lambda") != whole.npos;
    return shorter_name(weft::readable_function(readable.get())) + (is_lambda ? " (lambda)" : "");
}
