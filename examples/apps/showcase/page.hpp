// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace showcase {

/// A file of the page, in the program itself: what lies in page/, and the sources that the page shows, below /source/.
struct page_file {
    std::string_view path;
    std::string_view media_type;
    std::string_view text;
};

/// All of them; embed.cmake writes this function.
std::span<const page_file> page_files();

}  // namespace showcase
