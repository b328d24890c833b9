// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mini_redis {

/// Where one argument lies, counted from the start of the bytes it is in. An offset rather than a view, because a
/// buffer may move while the rest of its request arrives.
struct piece {
    std::uint32_t offset;
    std::uint32_t size;
};

/// The arguments of one command, name first: views into bytes that someone else owns, made only when asked for.
class arguments {
public:
    arguments() = default;
    arguments(const char* base, std::span<const piece> pieces) noexcept : base_(base), pieces_(pieces) {}

    std::size_t size() const noexcept { return pieces_.size(); }
    bool empty() const noexcept { return pieces_.empty(); }
    std::string_view operator[](std::size_t i) const noexcept { return {base_ + pieces_[i].offset, pieces_[i].size}; }

private:
    const char* base_ = nullptr;
    std::span<const piece> pieces_;
};

}  // namespace mini_redis
