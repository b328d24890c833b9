// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace weft::inline v0 {

class buffer_pool;

/// Bytes that were received, in the memory that they were received into: what stream::read_chunk() lends. It goes back to
/// the loop's pool when this is destroyed; what holds chunks for long holds that memory (up to 64 KiB each, however few
/// the bytes). May outlive the stream and the loop.
/// @thread its loop's
class chunk {
public:
    chunk() noexcept = default;
    chunk(chunk&& o) noexcept;
    chunk& operator=(chunk&& o) noexcept;
    ~chunk();

    std::span<const std::byte> bytes() const noexcept { return {data_ + begin_, size()}; }
    /// May be changed in place.
    std::span<std::byte> bytes() noexcept { return {data_ + begin_, size()}; }
    std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_) + begin_, size()}; }
    std::size_t size() const noexcept { return end_ - begin_; }
    bool empty() const noexcept { return begin_ == end_; }
    explicit operator bool() const noexcept { return !empty(); }

    /// Drops bytes at the front, or at the back: at most size(). @throws std::out_of_range
    void remove_prefix(std::size_t count);
    void remove_suffix(std::size_t count);

private:
    friend class stream_core;
    std::shared_ptr<buffer_pool> pool_;
    std::byte* data_ = nullptr;
    std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace weft::inline v0
