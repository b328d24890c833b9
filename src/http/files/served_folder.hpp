// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// A file that is open, and what is known of it.
struct served_file {
    unique_fd fd;
    std::uint64_t size = 0;
    std::chrono::sys_time<std::chrono::nanoseconds> modified;
    std::string_view coding = {};  // "gzip", if it stands for another file
};

/// A folder out of which no path leads. Its functions block: they are for other threads than the loop's.
class served_folder {
public:
    /// @throws std::system_error
    explicit served_folder(const std::string& path);

    enum class kind : std::uint8_t { nothing, forbidden, file, folder };
    struct found {
        kind what = kind::nothing;
        served_file file = {};
    };
    /// @param path  relative; empty: the folder itself  @throws std::system_error  out of descriptors, an error of the disk
    found open(const std::string& path) const;
    /// What is in a folder, in order; folders end in a slash. @throws std::system_error
    std::vector<std::string> list(const std::string& path) const;

private:
    unique_fd open_beneath(const std::string& path, int flags, int& error) const;
    unique_fd root_;
};

}  // namespace weft::inline v0::http
