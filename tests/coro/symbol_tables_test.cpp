// SPDX-License-Identifier: Apache-2.0
#include "coro/symbol_tables.hpp"
#include "counted_allocations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
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

TEST(symbol_tables, of_files_that_nobody_asks_for_are_forgotten) {
    symbol_tables& tables = symbol_tables::instance();
    const std::uint64_t at = in_file(&not_exported);
    const std::string name = tables.name_of(self, at);
    for (std::size_t i = 0; i < symbol_tables::most_files; ++i)
        tables.name_of(("/nowhere/" + std::to_string(i)).c_str(), 0);
    const std::size_t before = allocations.load();
    EXPECT_EQ(tables.name_of(self, at), name);
    EXPECT_GT(allocations.load() - before, 2u);  // it was read again
}

/// A file of a page, by hand: what linkers do not write.
struct made_file {
    ElfW(Ehdr) head = {};
    ElfW(Shdr) sections[2] = {};
    ElfW(Sym) symbols[4] = {};
    char names[32] = "\0outer\0inner\0next";
    char rest[3000] = {};

    made_file() {
        std::memcpy(head.e_ident, ELFMAG, SELFMAG);
        head.e_shoff = offsetof(made_file, sections);
        head.e_shnum = 2;
        sections[0].sh_type = SHT_SYMTAB;
        sections[0].sh_link = 1;
        sections[0].sh_offset = offsetof(made_file, symbols);
        sections[0].sh_size = sizeof symbols;
        sections[1].sh_offset = offsetof(made_file, names);
        sections[1].sh_size = sizeof names;
        add(0, 1, 0x100, 0x80);
        add(1, 7, 0x120, 0x10);  // within the first
        add(2, 13, 0x180, 0x10);  // right behind it
    }
    void add(std::size_t i, ElfW(Word) name, ElfW(Addr) begin, ElfW(Xword) size) {
        symbols[i].st_name = name;
        symbols[i].st_value = begin;
        symbols[i].st_size = size;
        symbols[i].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
    }
    /// By a path that was not there before.
    std::string name_of(std::uint64_t address) const {
        static int count = 0;
        const std::string path =
            testing::TempDir() + "weft_made_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
        std::ofstream(path).write(reinterpret_cast<const char*>(this), sizeof *this);
        const std::string name = symbol_tables::instance().name_of(path.c_str(), address);
        std::filesystem::remove(path);
        return name;
    }
};

TEST(symbol_tables, know_functions_that_lie_within_others) {
    const made_file made;
    EXPECT_EQ(made.name_of(0xff), "");
    EXPECT_EQ(made.name_of(0x100), "outer");
    EXPECT_EQ(made.name_of(0x12f), "inner");
    EXPECT_EQ(made.name_of(0x130), "outer");
    EXPECT_EQ(made.name_of(0x17f), "outer");
    EXPECT_EQ(made.name_of(0x18f), "next");
    EXPECT_EQ(made.name_of(0x190), "");
}

TEST(symbol_tables, of_files_that_contradict_themselves_are_empty_or_end) {
    const auto name_if = [](auto breaks) {
        made_file made;
        breaks(made);
        return made.name_of(0x100);
    };
    EXPECT_EQ(name_if([](made_file& f) { f.head.e_ident[1] = 'e'; }), "");
    EXPECT_EQ(name_if([](made_file& f) { f.head.e_shoff = sizeof f - sizeof f.sections[0]; }), "");
    EXPECT_EQ(name_if([](made_file& f) { f.head.e_shoff = std::uint64_t{1} << 40; }), "");
    EXPECT_EQ(name_if([](made_file& f) { f.head.e_shoff += 1; }), "");
    EXPECT_EQ(name_if([](made_file& f) { f.head.e_shnum = 1; }), "");  // and the symbols' names in the second
    EXPECT_EQ(name_if([](made_file& f) { f.sections[0].sh_size = ~std::uint64_t{0}; }), "");
    EXPECT_EQ(name_if([](made_file& f) { f.sections[1].sh_size = std::uint64_t{1} << 40; }), "");
    EXPECT_EQ(name_if([](made_file& f) { f.symbols[0].st_name = 1u << 31; }), "");
    EXPECT_EQ(name_if([](made_file& f) { f.sections[1].sh_size = 4; }), "out");
}

}  // namespace
