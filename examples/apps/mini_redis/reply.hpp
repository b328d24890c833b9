// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace mini_redis {

/// Thrown where a reply grows beyond its limit; whoever runs the command replaces what was written by an error.
struct reply_too_large : std::length_error {
    reply_too_large() : std::length_error("reply is larger than the client's output limit") {}
};

/// Replies in RESP, one after the other, in one block of memory that is used again: writing them allocates nothing once
/// the block has the size that a batch of commands needs. Not a std::string, so that each reply checks for room once.
class reply {
public:
    explicit reply(std::size_t limit_bytes = 64 << 20) noexcept : limit_(limit_bytes) {}

    void ok() { raw("+OK\r\n"); }
    void null() { raw("$-1\r\n"); }
    void null_array() { raw("*-1\r\n"); }
    void integer(std::int64_t value) { number(':', value); }
    void array(std::size_t length) { number('*', static_cast<std::int64_t>(length)); }
    void simple(std::string_view text);
    void bulk(std::string_view text);
    void bulk(std::int64_t value);
    /// An error, its text in parts. Line breaks in it become spaces, lest a client's input forge a second reply.
    template <std::convertible_to<std::string_view>... Text>
    void error(const Text&... parts);

    void syntax_error() { raw("-ERR syntax error\r\n"); }
    void not_an_integer() { raw("-ERR value is not an integer or out of range\r\n"); }
    void wrong_type() { raw("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"); }

    /// Bytes that are RESP already.
    void raw(std::string_view bytes) { end_ = put(room(bytes.size()), bytes); }

    std::string_view view() const noexcept { return {block_.get(), size()}; }
    std::size_t size() const noexcept { return end_; }
    bool empty() const noexcept { return end_ == 0; }
    /// Takes back what was written after the first `size` bytes.
    void truncate(std::size_t size) noexcept { end_ = size; }
    /// Starts again; a block that had to grow for something unusual is given back.
    void clear() noexcept;

private:
    static constexpr std::size_t keep_bytes = 128 << 10;
    static constexpr std::size_t number_bytes = 24;  // type, sign, 19 digits, line end

    // Makes room for `bytes` more and gives where they go.
    char* room(std::size_t bytes) {
        if (capacity_ - end_ < bytes) [[unlikely]] {
            grow(bytes, limit_);
        }
        return block_.get() + end_;
    }
    std::size_t put(char* to, std::string_view bytes) noexcept {
        if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
        return static_cast<std::size_t>(to - block_.get()) + bytes.size();
    }
    static char* put_number(char* to, char type, std::int64_t value) noexcept {
        *to++ = type;
        to = std::to_chars(to, to + number_bytes, value).ptr;
        *to++ = '\r';
        *to++ = '\n';
        return to;
    }
    void number(char type, std::int64_t value) {
        end_ = static_cast<std::size_t>(put_number(room(number_bytes), type, value) - block_.get());
    }
    void grow(std::size_t bytes, std::size_t limit);
    void begin_error(std::size_t bytes);
    void end_error(std::size_t start) noexcept;

    std::unique_ptr<char[]> block_;  // holds capacity_ bytes, of which end_ are written
    std::size_t end_ = 0, capacity_ = 0, limit_;
};

template <std::convertible_to<std::string_view>... Text>
void reply::error(const Text&... parts) {
    const std::size_t start = end_;
    begin_error((std::string_view(parts).size() + ... + 3));
    ((end_ = put(block_.get() + end_, parts)), ...);
    end_error(start);
}

}  // namespace mini_redis
