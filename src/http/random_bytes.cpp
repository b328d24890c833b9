// SPDX-License-Identifier: Apache-2.0
#include "http/random_bytes.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace weft::inline v0::http {

namespace {

/// As many as the kernel gives in one piece.
using stock = std::array<char, 256>;

void fill(stock& bytes) {
    while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
    }
}

}  // namespace

void fill_with_random_bytes(std::span<char> bytes) {
    thread_local stock fresh;
    thread_local std::size_t used = fresh.size();
    while (!bytes.empty()) {
        if (used == fresh.size()) {
            fill(fresh);
            used = 0;
        }
        const std::size_t count = bytes.size() < fresh.size() - used ? bytes.size() : fresh.size() - used;
        std::memcpy(bytes.data(), fresh.data() + used, count);
        std::memset(fresh.data() + used, 0, count);
        used += count;
        bytes = bytes.subspan(count);
    }
}

}  // namespace weft::inline v0::http
