// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// The messages of permessage-deflate, RFC 7692 7.2. Without zlib there are none.

namespace weft::inline v0::http {

/// Whether weft was built with zlib.
extern const bool has_deflate;

/// What one direction has been agreed on.
struct deflate_direction {
    int window_bits = 15;
    bool keeps_context = false;
};

struct deflate_stream;

/// Compresses messages. With a context it has its own compressor, else it borrows the thread's for each message.
class message_deflater {
public:
    explicit message_deflater(deflate_direction agreed);
    message_deflater(message_deflater&&) noexcept;
    ~message_deflater();

    /// Appends what the frames of `message` carry. @throws std::bad_alloc
    void deflate(std::string_view message, std::string& to);
    const deflate_direction& agreed() const noexcept { return agreed_; }

private:
    deflate_direction agreed_;
    std::unique_ptr<deflate_stream> own_;
};

/// Decompresses messages; in the same way.
class message_inflater {
public:
    enum class result : std::uint8_t { ok, too_big, broken };

    explicit message_inflater(deflate_direction agreed);
    message_inflater(message_inflater&&) noexcept;
    ~message_inflater();

    /// @param to  becomes the message; never more than `limit` bytes, whatever is in `payload`  @throws std::bad_alloc
    result inflate(std::string_view payload, std::size_t limit, std::string& to);

private:
    deflate_direction agreed_;
    std::unique_ptr<deflate_stream> own_;
};

}  // namespace weft::inline v0::http
