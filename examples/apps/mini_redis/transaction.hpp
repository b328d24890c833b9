// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mini_redis {

struct command;

/// The commands between MULTI and EXEC. Their arguments are copied one behind the other into memory that the next
/// transaction uses again.
class transaction {
public:
    struct queued {
        const command* what;
        std::size_t first_piece, pieces;
    };

    bool is_open() const noexcept { return open_; }
    /// Whether a command could not be queued, so that EXEC must refuse.
    bool is_broken() const noexcept { return broken_; }

    void open() noexcept { open_ = true; }
    void mark_broken() noexcept { broken_ = open_; }
    /// @return false, and the transaction is broken, if that would take more than `limit_bytes`
    bool add(const command& what, const arguments& args, std::size_t limit_bytes);
    /// Forgets everything; the next command runs at once.
    void close() noexcept;

    const std::vector<queued>& commands() const noexcept { return queue_; }
    arguments args(const queued& each) const noexcept {
        return {bytes_.data(), std::span(pieces_).subspan(each.first_piece, each.pieces)};
    }
    std::size_t size_bytes() const noexcept {
        return bytes_.size() + pieces_.size() * sizeof(piece) + queue_.size() * sizeof(queued);
    }

private:
    std::string bytes_;
    std::vector<piece> pieces_;  // counted from the start of bytes_
    std::vector<queued> queue_;
    bool open_ = false, broken_ = false;
};

}  // namespace mini_redis
