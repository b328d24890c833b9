// SPDX-License-Identifier: Apache-2.0
#include "http/message/gzip_encoder.hpp"

#include <algorithm>
#include <new>
#include <zlib.h>

namespace weft::inline v0::http {

namespace {

/// More than that does not go into zlib's counters in one piece.
constexpr std::size_t piece_bytes = std::size_t{1} << 30;
/// To zlib's number for the window, for a gzip head and end.
constexpr int with_gzip_head = 16;

}  // namespace

const bool has_gzip_encoder = true;

/// zlib's own is not to be moved.
struct gzip_encoder::state {
    state(int level, int window_bits, int memory_level) {
        if (deflateInit2(&z, level, Z_DEFLATED, window_bits + with_gzip_head, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc();
    }
    state(const state&) = delete;
    ~state() { deflateEnd(&z); }

    void encode(std::string_view bytes, int flush, std::string& to) {
        do {
            const std::string_view piece = bytes.substr(0, piece_bytes);
            bytes.remove_prefix(piece.size());
            z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
            z.avail_in = static_cast<uInt>(piece.size());
            do {
                const std::size_t before = to.size();
                const std::size_t room = std::clamp(before, std::size_t{1024}, piece_bytes);
                to.resize_and_overwrite(before + room, [&](char* text, std::size_t) {
                    z.next_out = reinterpret_cast<Bytef*>(text + before);
                    z.avail_out = static_cast<uInt>(room);
                    ::deflate(&z, bytes.empty() ? flush : Z_NO_FLUSH);
                    return before + room - z.avail_out;
                });
            } while (z.avail_out == 0);
        } while (!bytes.empty());
    }

    z_stream z{};
};

gzip_encoder::gzip_encoder(int level) : state_(std::make_unique<state>(level, 13, 6)) {}
gzip_encoder::gzip_encoder(gzip_encoder&&) noexcept = default;
gzip_encoder::~gzip_encoder() = default;

void gzip_encoder::encode(std::string_view bytes, until how_far, std::string& to) {
    state_->encode(bytes, how_far == until::full ? Z_NO_FLUSH : how_far == until::now ? Z_SYNC_FLUSH : Z_FINISH, to);
}

std::string gzip_encoder::whole(std::string_view text, int level) {
    thread_local state kept(level, 15, 8);
    deflateReset(&kept.z);
    deflateParams(&kept.z, level, Z_DEFAULT_STRATEGY);
    std::string packed;
    kept.encode(text, Z_FINISH, packed);
    return packed;
}

}  // namespace weft::inline v0::http
