// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

namespace weft::inline v0::http {

/// Whether there is one: weft may have been built without zlib.
extern const bool has_content_decoder;

enum class content_coding : std::uint8_t { gzip, deflate };

/// Of a Content-Encoding field. @return empty: none that is known, or several
std::optional<content_coding> to_content_coding(std::string_view name) noexcept;

/// The content is not what its coding makes, or becomes more than it may.
class content_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Decompresses content as it comes. gzip may have several members, one after the other; "deflate" is what zlib makes, or,
/// as some servers understand it, what is in that.
class content_decoder {
public:
    /// @param ratio  so many times what it was given it may give, once that is more than a MiB
    explicit content_decoder(content_coding coding, unsigned ratio);
    content_decoder(content_decoder&&) noexcept;
    content_decoder& operator=(content_decoder&&) noexcept;
    ~content_decoder();

    /// Takes bytes off `input` until that is empty or `into` full. @return how many bytes it stored
    /// @throws content_error
    std::size_t decode(std::string_view& input, std::span<std::byte> into);
    /// Whether what was given can be all.
    bool is_whole() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace weft::inline v0::http
