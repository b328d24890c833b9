// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace weft::inline v0 {

/// The functions that the ELF files of this process say they have, also those that are not exported, unless a file was stripped.
///
/// A file's table is sorted when the first of its addresses is asked for, and kept: then a look-up is a binary search. One that
/// has been replaced since (a plugin, compiled anew) is read again. @thread any: one lock
class symbol_tables {
public:
    static symbol_tables& instance();

    /// The name, mangled, of the function there; empty: nobody knows. @param address  as the file has it @throws std::bad_alloc
    std::string name_of(const char* path, std::uint64_t address);

    /// So many tables are kept; with one more all begin anew.
    static constexpr std::size_t most_files = 64;

private:
    class table;

    symbol_tables();
    ~symbol_tables();

    std::mutex mutex_;
    std::unordered_map<std::string, std::unique_ptr<table>> files_;
};

}  // namespace weft::inline v0
