// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace weft::inline v0::http {

/// Whether bytes that come in pieces are UTF-8; a character may be split over pieces. Says no at the first byte that
/// cannot be right: none begins an overlong form, a surrogate or what is above U+10FFFF. @see RFC 3629 4
class utf8_validator {
public:
    /// @return false: it is none, whatever follows
    bool add(std::string_view piece) noexcept;
    /// Whether no character is left unfinished.
    bool is_complete() const noexcept { return wanted_ == 0; }
    void restart() noexcept { *this = {}; }

private:
    bool begin(unsigned char lead) noexcept;

    std::uint8_t wanted_ = 0;  // bytes that the present character still takes
    unsigned char lowest_ = 0x80, highest_ = 0xbf;  // what the next of them may be
};

/// Whether the whole is UTF-8, and nothing of it cut off.
bool is_utf8(std::string_view text) noexcept;

}  // namespace weft::inline v0::http
