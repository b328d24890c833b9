// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace weft_test {

/// A file of `size` bytes, removed already.
struct temporary_file {
    explicit temporary_file(std::size_t size) : text(size, '\0') {
        for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 31 % 26);
        std::string name = (std::filesystem::temp_directory_path() / "weft-send-file-XXXXXX").string();
        fd.reset(::mkostemp(name.data(), O_CLOEXEC));
        std::filesystem::remove(name);
        std::string_view rest = text;
        while (!rest.empty()) rest.remove_prefix(static_cast<std::size_t>(::write(fd.get(), rest.data(), rest.size())));
    }
    std::string text;
    weft::unique_fd fd;
};

}  // namespace weft_test
