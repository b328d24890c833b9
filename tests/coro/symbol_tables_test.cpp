// SPDX-License-Identifier: Apache-2.0
#include "coro/symbol_tables.hpp"
#include "counted_allocations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

using weft::symbol_tables;

namespace {

[[gnu::noinline]] int not_exported(int n) { return n + 1; }

/// Where a function is, as its file has it.
std::uint64_t in_file(int (*function)(int)) {
    Dl_info in = {};
    link_map* map = nullptr;
    if (::dladdr1(reinterpret_cast<void*>(function), &in, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0)
        return 0;
    return reinterpret_cast<std::uint64_t>(function) - map->l_addr;
}

constexpr const char* self = "/proc/self/exe";

TEST(symbol_tables, know_functions_by_any_of_their_addresses) {
    symbol_tables& tables = symbol_tables::instance();
    const std::uint64_t at = in_file(&not_exported);
    EXPECT_THAT(tables.name_of(self, at), testing::HasSubstr("not_exported"));
    EXPECT_THAT(tables.name_of(self, at + 1), testing::HasSubstr("not_exported"));
    EXPECT_THAT(tables.name_of(self, at - 1), testing::Not(testing::HasSubstr("not_exported")));
    EXPECT_EQ(tables.name_of(self, 0), "");
    EXPECT_EQ(tables.name_of(self, ~std::uint64_t{0}), "");
}

TEST(symbol_tables, read_a_file_once) {
    symbol_tables& tables = symbol_tables::instance();
    const std::uint64_t at = in_file(&not_exported);
    const std::string name = tables.name_of(self, at);
    const std::size_t before = allocations.load();
    const std::string again = tables.name_of(self, at);
    EXPECT_LE(allocations.load() - before, 2u);  // two strings
    EXPECT_EQ(again, name);
}

TEST(symbol_tables, see_that_a_file_was_replaced) {
    symbol_tables& tables = symbol_tables::instance();
    const std::string path = testing::TempDir() + "weft_symbol_tables_" + std::to_string(::getpid());
    std::filesystem::create_symlink(std::filesystem::read_symlink(self), path);
    const std::uint64_t at = in_file(&not_exported);
    EXPECT_THAT(tables.name_of(path.c_str(), at), testing::HasSubstr("not_exported"));
    std::filesystem::remove(path);
    EXPECT_EQ(tables.name_of(path.c_str(), at), "");
    std::ofstream(path) << "no program";
    EXPECT_EQ(tables.name_of(path.c_str(), at), "");
    std::filesystem::remove(path);
}

}  // namespace
