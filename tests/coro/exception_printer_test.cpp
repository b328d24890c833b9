// SPDX-License-Identifier: Apache-2.0
// Groups and causes. tests/differential/exceptions.py compares random ones with what CPython prints.
#include "coro/exception_printer.hpp"
#include "tracebacks.hpp"

#include <weft/base/exception_group.hpp>
#include <weft/coro/format_exception.hpp>
#include <weft/coro/task.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace weft_test;

namespace {

std::exception_ptr error(const std::string& what) { return std::make_exception_ptr(std::runtime_error(what)); }
std::exception_ptr group(const std::string& message, std::vector<std::exception_ptr> errors) {
    return std::make_exception_ptr(weft::exception_group(message, std::move(errors)));
}
template <class E>
std::exception_ptr with_cause(E e, const std::exception_ptr& cause) {
    return thrown_by([&] {
        try {
            std::rethrow_exception(cause);
        } catch (...) {
            std::throw_with_nested(std::move(e));
        }
    });
}
weft::task<> fails(std::exception_ptr e) { co_await raising(std::move(e)); }
std::exception_ptr through_a_task(std::exception_ptr e) {
    return thrown_by([&] { fails(std::move(e)).step(); });
}

TEST(exception_printer, a_group_is_a_tree) {
    EXPECT_EQ(weft::format_exception(group("two", {error("a"), error("b")})),
              "  | weft::exception_group: two (2 sub-exceptions)\n"
              "  +-+---------------- 1 ----------------\n"
              "    | std::runtime_error: a\n"
              "    +---------------- 2 ----------------\n"
              "    | std::runtime_error: b\n"
              "    +------------------------------------\n");
}

TEST(exception_printer, groups_and_their_errors_have_tracebacks) {
    const std::string line = ": weft::task<> fails(std::exception_ptr e) { co_await raising(std::move(e)); }\n";
    EXPECT_EQ(outline(through_a_task(group("two", {through_a_task(error("a")), error("b")}))),
              "  + Exception Group Traceback (most recent call last):\n"
              "  |   fails" +
                  line +
                  "  | weft::exception_group: two (2 sub-exceptions)\n"
                  "  +-+---------------- 1 ----------------\n"
                  "    | Traceback (most recent call last):\n"
                  "    |   fails" +
                  line +
                  "    | std::runtime_error: a\n"
                  "    +---------------- 2 ----------------\n"
                  "    | std::runtime_error: b\n"
                  "    +------------------------------------\n");
}

TEST(exception_printer, groups_nest) {
    EXPECT_EQ(weft::format_exception(group("outer", {group("inner", {error("a")}), error("b\nc")})),
              "  | weft::exception_group: outer (2 sub-exceptions)\n"
              "  +-+---------------- 1 ----------------\n"
              "    | weft::exception_group: inner (1 sub-exception)\n"
              "    +-+---------------- 1 ----------------\n"
              "      | std::runtime_error: a\n"
              "      +------------------------------------\n"
              "    +---------------- 2 ----------------\n"
              "    | std::runtime_error: b\n"
              "    | c\n"
              "    +------------------------------------\n");
}

TEST(exception_printer, what_an_exception_was_thrown_for_comes_first) {
    const auto why = through_a_task(error("connection refused"));
    const std::string text = outline(with_cause(std::logic_error("no page"), why));
    EXPECT_EQ(text, "Traceback (most recent call last):\n"
                    "  fails: weft::task<> fails(std::exception_ptr e) { co_await raising(std::move(e)); }\n"
                    "std::runtime_error: connection refused\n"
                    "\n"
                    "The above exception was the direct cause of the following exception:\n"
                    "\n"
                    "std::logic_error: no page\n");
}

TEST(exception_printer, in_a_group_the_cause_is_indented_with_its_error) {
    EXPECT_EQ(weft::format_exception(group("one", {with_cause(std::logic_error("b"), error("a"))})),
              "  | weft::exception_group: one (1 sub-exception)\n"
              "  +-+---------------- 1 ----------------\n"
              "    | std::runtime_error: a\n"
              "    | \n"
              "    | The above exception was the direct cause of the following exception:\n"
              "    | \n"
              "    | std::logic_error: b\n"
              "    +------------------------------------\n");
}

TEST(exception_printer, a_long_chain_of_causes_ends) {
    std::exception_ptr e = error("0");
    for (int i = 1; i <= 500; ++i) e = with_cause(std::logic_error(std::to_string(i)), e);
    const std::string text = weft::format_exception(e);
    EXPECT_TRUE(text.ends_with("std::logic_error: 500\n"));
    EXPECT_EQ(text.find("std::logic_error: 399\n"), std::string::npos);
    EXPECT_NE(text.find("std::logic_error: 401\n"), std::string::npos);
}

TEST(exception_printer, a_large_group_is_cut_as_python_cuts_it) {
    std::vector<std::exception_ptr> many;
    for (int i = 0; i < 17; ++i) many.push_back(error(std::to_string(i)));
    const std::string text = weft::format_exception(group("many", std::move(many)));
    EXPECT_TRUE(text.ends_with("    | std::runtime_error: 14\n"
                               "    +---------------- ... ----------------\n"
                               "    | and 2 more exceptions\n"
                               "    +------------------------------------\n"))
        << text;
}

struct refused_order : std::runtime_error {
    using std::runtime_error::runtime_error;
};

TEST(exception_printer, a_type_is_named_as_it_was_written) {
    EXPECT_EQ(weft::format_exception(std::make_exception_ptr(refused_order("tea"))), "refused_order: tea\n");
    EXPECT_TRUE(
        weft::format_exception(with_cause(refused_order("tea"), error("a"))).ends_with("\n\nrefused_order: tea\n"));
}

}  // namespace
