// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "program.hpp"

#include <weft/base/errors.hpp>

#include <exception>
#include <string>

// The exceptions of the programs, as reference.py has them.

namespace differential {

class error_a : public std::exception {
public:
    explicit error_a(int number) : number(number) {}
    const int number;
};
class error_b : public error_a {
public:
    using error_a::error_a;
};
class error_c : public std::exception {
public:
    explicit error_c(int number) : number(number) {}
    const int number;
};
class exit_gx : public weft::generator_exit {
public:
    explicit exit_gx(int number) : number(number) {}
    const int number;
};

std::exception_ptr made(raised what, int number);
bool matches(caught what, const std::exception_ptr& error);
std::string describe(const std::exception_ptr& error);

}  // namespace differential
