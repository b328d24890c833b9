// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// Whether weft was built with zlib.
extern const bool has_gzip_encoder;

/// Compresses a text that comes in pieces. @cost 64 KiB
class gzip_encoder {
public:
    enum class until {
        full,  ///< what comes out of it may wait for more
        now,   ///< all that it was given can be read from what has come out
        end    ///< nothing follows
    };

    /// @param level  1 to 9
    explicit gzip_encoder(int level);
    gzip_encoder(gzip_encoder&&) noexcept;
    ~gzip_encoder();

    /// Appends what comes out of it. @throws std::bad_alloc
    void encode(std::string_view bytes, until how_far, std::string& to);
    /// A text that is there at once, by an encoder of 256 KiB that the thread keeps. @throws std::bad_alloc
    static std::string whole(std::string_view text, int level);

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace weft::inline v0::http
