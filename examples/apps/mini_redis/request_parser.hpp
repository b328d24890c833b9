// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mini_redis {

/// Finds requests in bytes; knows nothing of sockets. It is given what has arrived, says whether that holds a whole
/// request, and remembers how far it got, so that no byte is looked at twice however small the portions are.
///
/// The arguments are views of the input: valid until the input moves, or the next parse(). Parsing allocates nothing
/// once the longest argument list has been seen. Lenient exactly where Redis is: the line end after a bulk is skipped
/// unread.
class request_parser {
public:
    enum class status { complete, incomplete, failed };

    /// @param limit_bytes  the largest request that is accepted; below 4 GiB
    explicit request_parser(std::size_t limit_bytes = 64 << 20) noexcept : limit_(limit_bytes) {}

    /// Looks at `input`, which starts where the present request does. After `complete` the next call starts a new
    /// request; after `incomplete` the same bytes must come again with at least needed() of them; `failed` is for ever.
    status parse(std::string_view input);

    /// After `complete`: the command and its arguments; none if the request was empty, which asks for no reply.
    arguments args() const noexcept { return {base_, pieces_}; }
    /// After `complete`: how many bytes of the input the request took.
    std::size_t consumed() const noexcept { return position_; }
    /// After `incomplete`: the size of the input with which parsing can go on.
    std::size_t needed() const noexcept { return needed_; }
    /// After `failed`: why, as it follows "-ERR Protocol error: " on the wire.
    std::string_view error() const noexcept { return error_; }

    static constexpr std::size_t max_line_bytes = 64 << 10;
    static constexpr std::size_t max_bulk_bytes = 512 << 20;
    /// Far below Redis's 2^31 - 1: eight bytes are kept for each.
    static constexpr std::int64_t max_arguments = 1 << 20;

private:
    enum class state { start, arguments, done, failed };

    void reset() noexcept;
    status parse_inline(std::string_view input);
    status parse_arguments(std::string_view input);
    bool split_inline(std::string_view line);
    status read_length(std::string_view input, std::string_view too_long, std::string_view& digits);
    status wait_for(std::size_t bytes);
    status fail(std::string_view why);

    state state_ = state::start;
    std::size_t position_ = 0;  // how far the request has been parsed
    std::size_t searched_ = 0;  // up to where there is no line end
    std::int64_t remaining_ = 0;  // arguments still to come
    std::size_t needed_ = 1;
    std::size_t limit_;
    const char* base_ = nullptr;  // what pieces_ count from: the input, or unquoted_
    std::vector<piece> pieces_;
    std::string unquoted_;
    std::string error_;
};

}  // namespace mini_redis
