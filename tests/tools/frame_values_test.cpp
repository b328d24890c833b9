// SPDX-License-Identifier: Apache-2.0
#include "weft/frame_values.hpp"

#include "known_coroutines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <map>

namespace {

using testing::ElementsAre;

/// What this program was loaded at.
std::uint64_t load_address() {
    std::uint64_t address = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* program, std::size_t, void* into) {
            *static_cast<std::uint64_t*>(into) = program->dlpi_addr;
            return 1;  // the program itself is the first
        },
        &address);
    return address;
}

/// This process's memory, by the system call: an address that is not there is an error and no crash.
bool read_own(std::uint64_t address, std::span<std::byte> into) {
    iovec to{into.data(), into.size()};
    iovec from{reinterpret_cast<void*>(address), into.size()};
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == static_cast<ssize_t>(into.size());
}

const debug_info& own_debug_info() {
    static const debug_info info("/proc/self/exe");
    return info;
}

frame_values values_of(const known::task& t) {
    const auto frame = reinterpret_cast<std::uint64_t>(t.frame());
    std::uint64_t functions[2];
    std::memcpy(functions, t.frame(), sizeof functions);
    const std::uint64_t function = functions[0] ? functions[0] : functions[1];
    return locals_of(own_debug_info(), function - load_address(), read_own, frame).value();
}

std::vector<std::string> names(const frame_values& values) {
    std::vector<std::string> all;
    for (const local_value& each : values.locals) all.push_back(each.name);
    return all;
}

std::string value(const frame_values& values, const std::string& name) {
    for (const local_value& each : values.locals) {
        if (each.name == name) return each.value;
    }
    return "there is no " + name;
}

TEST(frame_values, a_coroutine_that_has_not_begun_has_its_parameters) {
    const known::task t = known::serve(80, "ada", "hello");
    const frame_values values = values_of(t);
    EXPECT_EQ(values.function, "known::serve");
    EXPECT_EQ(values.suspended_at_kind, "initial");
    EXPECT_EQ(values.suspend_index, 0u);
    EXPECT_THAT(names(values), ElementsAre("port", "user", "greeting"));
    EXPECT_EQ(value(values, "port"), "80");
    EXPECT_EQ(value(values, "user"), "\"ada\"");
    EXPECT_EQ(value(values, "greeting"), "\"hello\"");
}

TEST(frame_values, a_suspended_one_has_what_was_declared_before_around_it) {
    known::task t = known::serve(80, "ada", "hello");
    t.resume();
    t.resume();
    const frame_values in_loop = values_of(t);
    EXPECT_EQ(in_loop.suspended_at_kind, "await");
    EXPECT_EQ(in_loop.suspend_index, 1u);
    EXPECT_EQ(static_cast<int>(in_loop.suspended_at.line), t.line());
    EXPECT_THAT(names(in_loop), testing::UnorderedElementsAre("port", "user", "greeting", "buffer", "requests", "i"));
    EXPECT_EQ(value(in_loop, "i"), "1");
    EXPECT_EQ(value(in_loop, "requests"), "1");
    EXPECT_EQ(value(in_loop, "buffer"), "\"GET /\"");
    t.resume();
    const frame_values in_block = values_of(t);
    EXPECT_EQ(in_block.suspend_index, 2u);
    EXPECT_EQ(static_cast<int>(in_block.suspended_at.line), t.line());
    EXPECT_EQ(value(in_block, "answers"), "{1, 2, 3}");
    EXPECT_EQ(value(in_block, "i"), "there is no i");
    t.resume();
    const frame_values after = values_of(t);
    EXPECT_EQ(static_cast<int>(after.suspended_at.line), t.line());
    EXPECT_EQ(value(after, "answers"), "there is no answers");
}

TEST(frame_values, a_finished_one_is_at_its_last_point) {
    known::task t = known::take_turns(1);
    for (int i = 0; i < 5; ++i) t.resume();
    const frame_values values = values_of(t);
    EXPECT_EQ(values.suspended_at_kind, "final");
    EXPECT_EQ(values.suspend_index, 5u);
}

TEST(frame_values, co_await_and_co_yield_are_numbered_together) {
    known::task t = known::take_turns(1);
    for (unsigned i = 1; i <= 4; ++i) {
        t.resume();
        const frame_values values = values_of(t);
        EXPECT_EQ(values.suspend_index, i);
        EXPECT_EQ(static_cast<int>(values.suspended_at.line), t.line());
    }
}

TEST(frame_values, where_the_frame_does_not_tell_its_place_others_may) {
    known::task t = known::serve(80, "ada", "hello");
    for (int i = 0; i < 3; ++i) t.resume();
    const auto frame = reinterpret_cast<std::uint64_t>(t.frame());
    std::uint64_t function = 0;
    std::memcpy(&function, t.frame(), sizeof function);
    const auto no_number = [](std::uint64_t address, std::span<std::byte> into) {
        return into.size() > 2 && read_own(address, into);  // the number of the suspend point has one byte, or two
    };
    const source_place where{"somewhere/else/known_coroutines.cpp", static_cast<unsigned>(t.line()), 0};
    const auto told = locals_of(own_debug_info(), function - load_address(), no_number, frame, where);
    EXPECT_EQ(told->suspend_index, 2u);
    EXPECT_EQ(value(*told, "answers"), "{1, 2, 3}");
    EXPECT_EQ(value(*told, "i"), "there is no i");
    const auto not_told = locals_of(own_debug_info(), function - load_address(), no_number, frame);
    EXPECT_EQ(not_told->suspend_index, std::nullopt);
    EXPECT_THAT(not_told->notes, testing::Contains(testing::HasSubstr("not known where it is suspended")));
}

TEST(frame_values, values_are_written_as_in_the_source) {
    const long answer = 42;
    known::task t = known::hold_values(answer);
    t.resume();
    const frame_values values = values_of(t);
    const std::map<std::string, std::string> expected{
        {"referred", "42"},
        {"yes", "true"},
        {"letter", "119 'w'"},
        {"small", "-3"},
        {"large", "18000000000000000000"},
        {"half", "0.5"},
        {"third", "0.25"},
        {"shade", "known::colour::green"},
        {"other_shade", "known::colour(9)"},
        {"nowhere", "nullptr"},
        {"home", "{{x = 1, y = 2.5}, name = \"home\", low = 5, high = 17}"},
        {"numbers", "{7, 8, 9}"},
        {"word", "\"a \\\"word\\\"\""},
        {"long_word", "\"" + std::string(64, 'x') + "\"…"},
        {"part", "\"a\""},
        {"words", "{\"one\", \"two\"}"},
        {"many", "{4, 4, 4, 4, 4, 4, 4, 4, … 12 more}"},
        {"something", "11"},
        {"nothing", "nullopt"},
        {"pair", "{1, 2}"},
        {"delay", "250 ms"},
        {"lost", "<cannot be read>"},
    };
    for (const auto& [name, written] : expected) EXPECT_EQ(value(values, name), written) << name;
    EXPECT_THAT(value(values, "text"), testing::EndsWith(" \"tab\\there\""));
    EXPECT_THAT(value(values, "owned"), testing::StartsWith("0x"));
}

TEST(frame_values, types_are_written_as_in_the_source) {
    const long answer = 42;
    known::task t = known::hold_values(answer);
    t.resume();
    std::map<std::string, std::string> types;
    for (const local_value& each : values_of(t).locals) types[each.name] = each.type;
    EXPECT_EQ(types["referred"], "const long&");
    EXPECT_EQ(types["text"], "const char*");
    EXPECT_EQ(types["numbers"], "int[3]");
    EXPECT_EQ(types["words"], "std::vector<std::string>");
    EXPECT_EQ(types["shade"], "known::colour");
}

TEST(frame_values, a_function_that_is_no_coroutine_has_none) {
    const auto function = reinterpret_cast<std::uint64_t>(&load_address) - load_address();
    EXPECT_EQ(locals_of(own_debug_info(), function, read_own, 0), std::nullopt);
}

TEST(frame_values, memory_that_cannot_be_read_is_said_so) {
    known::task t = known::serve(80, "ada", "hello");
    std::uint64_t function = 0;
    std::memcpy(&function, t.frame(), sizeof function);
    const auto nothing = [](std::uint64_t, std::span<std::byte>) { return false; };
    const auto values = locals_of(own_debug_info(), function - load_address(), nothing, 0);
    ASSERT_TRUE(values);
    EXPECT_EQ(value(*values, "port"), "<cannot be read>");
    EXPECT_EQ(values->suspend_index, std::nullopt);
}

}  // namespace
