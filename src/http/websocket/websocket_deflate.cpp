// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_deflate.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>
#include <zlib.h>

namespace weft::inline v0::http {

const bool has_deflate = true;

/// zlib's state of a direction: it is not to be moved.
struct deflate_stream {
    enum class way : bool { compress, decompress };

    deflate_stream(way w, int window_bits) : towards(w) {
        // zlib cannot do the smallest window of raw deflate, but read it by the next one.
        const int bits = std::max(window_bits, 9);
        const int memory_level = bits - 7;
        const int error = w == way::compress ? deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -bits, memory_level,
                                                            Z_DEFAULT_STRATEGY)
                                             : inflateInit2(&z, -bits);
        if (error != Z_OK) throw std::bad_alloc();
    }
    deflate_stream(const deflate_stream&) = delete;
    ~deflate_stream() { towards == way::compress ? deflateEnd(&z) : inflateEnd(&z); }

    void give(std::string_view bytes) noexcept {
        z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        z.avail_in = static_cast<uInt>(bytes.size());
    }

    z_stream z{};
    way towards;
};

namespace {

/// What ends every message, and is left out of it.
constexpr std::string_view tail("\x00\x00\xff\xff", 4);

/// More than that does not go into zlib's counters in one piece.
constexpr std::size_t piece_bytes = std::size_t{1} << 30;

deflate_stream& of_this_thread(deflate_stream::way w, int window_bits) {
    if (w == deflate_stream::way::decompress) {
        thread_local std::unique_ptr<deflate_stream> inflater;
        if (!inflater) inflater = std::make_unique<deflate_stream>(w, 15);  // which reads what has a smaller window
        inflateReset(&inflater->z);
        return *inflater;
    }
    thread_local std::array<std::unique_ptr<deflate_stream>, 16> deflaters;
    auto& deflater = deflaters[static_cast<std::size_t>(window_bits)];
    if (!deflater) deflater = std::make_unique<deflate_stream>(w, window_bits);
    deflateReset(&deflater->z);
    return *deflater;
}

std::unique_ptr<deflate_stream> own_stream(deflate_stream::way w, deflate_direction agreed) {
    return agreed.keeps_context ? std::make_unique<deflate_stream>(w, agreed.window_bits) : nullptr;
}

/// Has zlib write behind what is in `to`, at most up to `limit` bytes of it.
template <class Step>
int write_behind(z_stream& z, std::string& to, std::size_t limit, Step step) {
    const std::size_t before = to.size();
    const std::size_t room = std::min({limit - before, std::max<std::size_t>(before, 1024), piece_bytes});
    int error = Z_OK;
    to.resize_and_overwrite(before + room, [&](char* text, std::size_t) {
        z.next_out = reinterpret_cast<Bytef*>(text + before);
        z.avail_out = static_cast<uInt>(room);
        error = step(z);
        return before + room - z.avail_out;
    });
    return error;
}

}  // namespace

message_deflater::message_deflater(deflate_direction agreed)
    : agreed_(agreed), own_(own_stream(deflate_stream::way::compress, agreed)) {}
message_deflater::message_deflater(message_deflater&&) noexcept = default;
message_deflater::~message_deflater() = default;

void message_deflater::deflate(std::string_view message, std::string& to) {
    if (message.empty()) {  // zlib, which flushes nothing twice, would not always say so
        to += '\0';
        return;
    }
    deflate_stream& with = own_ ? *own_ : of_this_thread(deflate_stream::way::compress, agreed_.window_bits);
    std::string_view rest = message;
    do {
        const std::string_view piece = rest.substr(0, piece_bytes);
        rest.remove_prefix(piece.size());
        with.give(piece);
        const int flush = rest.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH;
        do {
            write_behind(with.z, to, std::numeric_limits<std::size_t>::max() / 2,
                         [&](z_stream& z) { return ::deflate(&z, flush); });
        } while (with.z.avail_out == 0);
    } while (!rest.empty());
    to.resize(to.size() - tail.size());
}

message_inflater::message_inflater(deflate_direction agreed)
    : agreed_(agreed), own_(own_stream(deflate_stream::way::decompress, agreed)) {}
message_inflater::message_inflater(message_inflater&&) noexcept = default;
message_inflater::~message_inflater() = default;

message_inflater::result message_inflater::inflate(std::string_view payload, std::size_t limit, std::string& to) {
    deflate_stream& with = own_ ? *own_ : of_this_thread(deflate_stream::way::decompress, agreed_.window_bits);
    to.clear();
    for (const std::string_view piece : {payload, tail}) {
        with.give(piece);
        while (true) {
            // One byte of room more than there may be: that it is used shows that there is too much.
            const int error =
                write_behind(with.z, to, limit + 1, [](z_stream& z) { return ::inflate(&z, Z_SYNC_FLUSH); });
            if (to.size() > limit) return result::too_big;
            if (error == Z_STREAM_END) {  // a last block: what follows is a stream of its own
                inflateReset(&with.z);
            } else if (error != Z_OK && error != Z_BUF_ERROR) {
                return result::broken;
            }
            if (with.z.avail_in == 0 && with.z.avail_out > 0) break;
            if (error == Z_BUF_ERROR && with.z.avail_out > 0) return result::broken;  // it goes no further
        }
    }
    return result::ok;
}

}  // namespace weft::inline v0::http
