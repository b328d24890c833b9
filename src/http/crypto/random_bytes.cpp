// SPDX-License-Identifier: Apache-2.0
#include "http/crypto/random_bytes.hpp"

#include <sys/mman.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace weft::inline v0::http {

namespace {

[[noreturn]] void throw_errno(const char* what, int error = errno) {
    throw std::system_error(error, std::generic_category(), what);
}

/// What a thread has in advance. It lies in a page of its own, which the kernel gives a forked child as zeroes: there nothing
/// is left, or child and parent would give the same bytes to theirs.
class random_stock {
public:
    random_stock() {
        void* const page = ::mmap(nullptr, sizeof(content), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) throw_errno("random bytes: mmap");
        if (::madvise(page, sizeof(content), MADV_WIPEONFORK) != 0) {
            const int error = errno;
            ::munmap(page, sizeof(content));
            throw_errno("random bytes: madvise(MADV_WIPEONFORK)", error);
        }
        content_ = static_cast<content*>(page);
    }
    random_stock(const random_stock&) = delete;
    random_stock& operator=(const random_stock&) = delete;
    ~random_stock() { ::munmap(content_, sizeof(content)); }

    void take(std::span<char> bytes) {
        while (!bytes.empty()) {
            if (content_->left == 0) fill();
            const std::size_t count = std::min(bytes.size(), content_->left);
            char* const first = content_->bytes + sizeof(content::bytes) - content_->left;
            std::memcpy(bytes.data(), first, count);
            std::memset(first, 0, count);
            content_->left -= count;
            bytes = bytes.subspan(count);
        }
    }

private:
    struct content {
        std::size_t left;  // of `bytes`, the last of them
        char bytes[256];  // as many as the kernel gives in one piece
    };

    void fill() {
        while (::getrandom(content_->bytes, sizeof(content::bytes), 0) != ssize_t{sizeof(content::bytes)}) {
            if (errno != EINTR) throw_errno("getrandom");
        }
        content_->left = sizeof(content::bytes);
    }

    content* content_;
};

}  // namespace

void fill_with_random_bytes(std::span<char> bytes) {
    thread_local random_stock stock;
    stock.take(bytes);
}

}  // namespace weft::inline v0::http
