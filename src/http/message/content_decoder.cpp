// SPDX-License-Identifier: Apache-2.0
#include "http/message/content_decoder.hpp"

#include <weft/http/headers.hpp>

#include <algorithm>
#include <new>
#include <zlib.h>

namespace weft::inline v0::http {

namespace {

/// Content that stays below it is no bomb, however small it was before.
constexpr std::uint64_t harmless_bytes = 1024 * 1024;
/// More than that does not go into zlib's counters in one piece.
constexpr std::size_t piece_bytes = std::size_t{1} << 30;

constexpr int with_gzip_head = 15 + 16, with_zlib_head = 15, without_head = -15;

}  // namespace

const bool has_content_decoder = true;

std::optional<content_coding> to_content_coding(std::string_view name) noexcept {
    if (is_same_token(name, "gzip") || is_same_token(name, "x-gzip")) return content_coding::gzip;
    if (is_same_token(name, "deflate")) return content_coding::deflate;
    return std::nullopt;
}

/// zlib's own is not to be moved.
struct content_decoder::state {
    state(content_coding c, unsigned most) : ratio(most), coding(c) {
        if (inflateInit2(&z, c == content_coding::gzip ? with_gzip_head : with_zlib_head) != Z_OK)
            throw std::bad_alloc();
    }
    state(const state&) = delete;
    ~state() { inflateEnd(&z); }

    z_stream z{};
    std::uint64_t taken = 0, given = 0;
    unsigned ratio;
    content_coding coding;
    int first = -1;  // of deflate: the first byte, which with the second tells whether zlib's head is there
    bool has_begun = false, is_whole = true;  // of a member
};

content_decoder::content_decoder(content_coding coding, unsigned ratio)
    : state_(std::make_unique<state>(coding, ratio)) {}
content_decoder::content_decoder(content_decoder&&) noexcept = default;
content_decoder& content_decoder::operator=(content_decoder&&) noexcept = default;
content_decoder::~content_decoder() = default;

bool content_decoder::is_whole() const noexcept { return state_->is_whole; }

std::size_t content_decoder::decode(std::string_view& input, std::span<std::byte> into) {
    state& s = *state_;
    std::size_t stored = 0;
    const auto inflate_some = [&](const char* from, std::size_t count) {
        s.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from));
        s.z.avail_in = static_cast<uInt>(std::min(count, piece_bytes));
        const std::size_t room = std::min(into.size() - stored, piece_bytes), before = s.z.avail_in;
        s.z.next_out = reinterpret_cast<Bytef*>(into.data() + stored);
        s.z.avail_out = static_cast<uInt>(room);
        const int result = inflate(&s.z, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            throw content_error("the content is not compressed as its Content-Encoding says");
        stored += room - s.z.avail_out;
        s.given += room - s.z.avail_out;
        s.taken += before - s.z.avail_in;
        s.is_whole = result == Z_STREAM_END;
        if (s.given > harmless_bytes && s.given / s.ratio > s.taken)
            throw content_error("the content becomes more than " + std::to_string(s.ratio) +
                                " times as large by decompression: a bomb");
        return before - s.z.avail_in;
    };
    for (;;) {
        if (s.is_whole && s.has_begun && !input.empty()) {  // one member is over
            if (s.coding != content_coding::gzip) throw content_error("something follows the compressed content");
            inflateReset(&s.z);
            s.is_whole = false;
        }
        if (!s.has_begun && !input.empty()) {
            s.is_whole = false;
            if (s.coding == content_coding::deflate && s.first < 0) {
                s.first = static_cast<unsigned char>(input.front());
                input.remove_prefix(1);
                continue;
            }
            s.has_begun = true;
            if (s.coding == content_coding::deflate) {
                const int second = static_cast<unsigned char>(input.front());
                const bool has_head = (s.first & 0x0f) == Z_DEFLATED && (s.first * 256 + second) % 31 == 0;
                if (!has_head) inflateReset2(&s.z, without_head);
                const char first = static_cast<char>(s.first);  // after which nothing is whole
                inflate_some(&first, 1);
            }
        }
        if (!s.has_begun || s.is_whole || stored == into.size()) return stored;
        const std::size_t taken = inflate_some(input.data(), input.size()), was = stored;
        input.remove_prefix(taken);
        if (taken == 0 && (stored == was || stored == into.size())) return stored;
        if (input.empty() && stored < into.size()) return stored;
    }
}

}  // namespace weft::inline v0::http
