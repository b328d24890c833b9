// SPDX-License-Identifier: Apache-2.0
// Prints the exceptions that exceptions.py describes, one a line: see there.
#include <weft/base/exception_group.hpp>
#include <weft/coro/format_exception.hpp>

#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

std::string read_message(std::istream& in) {
    std::string text;
    in >> text;
    for (auto at = text.find('/'); at != std::string::npos; at = text.find('/')) text[at] = '\n';
    return text == "-" ? "" : text;
}

/// Throws `e` itself, or for `cause`.
template <class E>
[[noreturn]] void throw_for(const std::exception_ptr& cause, E e) {
    if (!cause) throw E(std::move(e));
    try {
        std::rethrow_exception(cause);
    } catch (...) {
        std::throw_with_nested(std::move(e));
    }
}

std::exception_ptr read_exception(std::istream& in, const std::exception_ptr& cause = nullptr) {
    std::string kind;
    in >> kind;
    if (kind == "cause") {
        const std::exception_ptr why = read_exception(in);
        return read_exception(in, why);
    }
    const std::string message = read_message(in);
    try {
        if (kind == "error") throw_for(cause, std::runtime_error(message));
        std::size_t count = 0;
        in >> count;
        std::vector<std::exception_ptr> members;
        for (std::size_t i = 0; i < count; ++i) members.push_back(read_exception(in));
        throw_for(cause, weft::exception_group(message, std::move(members)));
    } catch (...) {
        return std::current_exception();
    }
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream in(line);
        std::cout << weft::format_exception(read_exception(in)) << '\f' << '\n';
    }
}
