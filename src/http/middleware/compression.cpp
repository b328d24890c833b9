// SPDX-License-Identifier: Apache-2.0
#include "http/message/gzip_encoder.hpp"
#include "http/syntax/accept_encoding.hpp"
#include "http/syntax/field_scanner.hpp"

#include <weft/exec/to_thread.hpp>
#include <weft/http/compression.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace weft::inline v0::http {

namespace {

/// A longer text is compressed on another thread: here the others would wait, for about a millisecond.
constexpr std::size_t quick_bytes = 64 * 1024;
/// So much is taken, and so much given on, at a time.
constexpr std::size_t piece_bytes = 64 * 1024, output_bytes = 16 * 1024;

struct packed {
    std::string text = {};
    bool is_packed = false;  // it was worth it
};
packed pack(std::string text, int level) {
    std::string smaller = gzip_encoder::whole(text, level);
    if (smaller.size() >= text.size()) return {std::move(text), false};
    return {std::move(smaller), true};
}

/// Of a part (206) the bytes are counted as they are without compression.
bool may_be_compressed(status s) noexcept {
    return s >= status::ok && s != status::no_content && s != status::reset_content && s != status::partial_content &&
           s != status::not_modified;
}

bool wants_gzip(const request& r) {
    const std::string_view accepted = r.header("Accept-Encoding");
    const int quality = coding_quality(accepted, "gzip");
    return quality > 0 && quality >= coding_quality(accepted, "identity");
}

void add_vary(headers& to) {
    if (!to.lists("Vary", "Accept-Encoding") && !to.lists("Vary", "*")) to.add("Vary", "Accept-Encoding");
}

/// The bytes are others, or are to whom it stands for those that were compressed.
void weaken_tag(headers& of) {
    if (const auto tag = of.get("ETag"); tag && !tag->starts_with("W/")) of.set("ETag", "W/" + std::string(*tag));
}

/// The fields of an answer that has become another by compression.
void mark(headers& of) {
    of.set("Content-Encoding", "gzip");
    of.remove("Accept-Ranges");  // which would be of other bytes
    weaken_tag(of);
}

/// A part of a file, read and compressed piece by piece. Blocks.
class packed_file {
public:
    packed_file(response::file_part part, int level) : part_(std::move(part)), encoder_(level) {}

    bool is_over() const noexcept { return is_over_; }
    std::string next() {
        buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(part_.size, piece_bytes)));
        const ssize_t size =
            ::pread(part_.file.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(part_.offset));
        if (size < 0 || (size == 0 && part_.size > 0))
            throw std::system_error(size < 0 ? errno : EIO, std::generic_category(), "http::compress: read");
        part_.offset += static_cast<std::uint64_t>(size);
        part_.size -= static_cast<std::uint64_t>(size);
        is_over_ = part_.size == 0;
        using until = gzip_encoder::until;
        std::string piece;
        encoder_.encode(std::string_view(buffer_).substr(0, static_cast<std::size_t>(size)),
                        is_over_ ? until::end : until::full, piece);
        return piece;
    }

private:
    response::file_part part_;
    gzip_encoder encoder_;
    std::string buffer_;
    bool is_over_ = false;
};

}  // namespace

/// What of an answer is compressed, and how.
class compressor {
public:
    explicit compressor(compress_options options) : options_(std::move(options)) {
        if (!has_gzip_encoder) throw std::logic_error("http::compress: weft was built without zlib (WEFT_WITH_ZLIB)");
        if (options_.level < 1 || options_.level > 9)
            throw std::invalid_argument("http::compress: the level is from 1 to 9");
    }

    /// Whether clients that take it compressed are to get it so.
    bool applies_to(const response& answer) const {
        const headers& fields = answer.headers();
        if (!may_be_compressed(answer.status())) return false;
        if (std::holds_alternative<response::successor>(answer.body_)) return false;
        if (answer.content_length().value_or(options_.min_bytes) < options_.min_bytes) return false;
        if (fields.contains("Content-Encoding") || fields.contains("Content-Range")) return false;
        return is_compressible(fields.get("Content-Type").value_or("")) &&
               !fields.lists("Cache-Control", "no-transform");
    }

    /// The answer to HEAD: how long GET's would be is not known before that has been compressed.
    static response without_length(response answer) {
        weaken_tag(answer.headers());
        answer.body_ = response::produced{.writes = {}, .size = std::nullopt};
        return answer;
    }

    task<response> compress(response answer) const {
        if (std::string* const text = answer.body()) {
            packed p;
            if (text->size() <= quick_bytes) {
                p = pack(std::move(*text), options_.level);
            } else {
                p = co_await to_thread(pack, std::move(*text), options_.level);
            }
            if (p.is_packed) mark(answer.headers());
            answer.set_body(std::move(p.text));
            co_return answer;
        }
        mark(answer.headers());
        if (auto* const part = std::get_if<response::file_part>(&answer.body_)) {
            answer.body_ = response::produced{.writes = sends(std::move(*part)), .size = std::nullopt};
        } else {
            auto& produced = std::get<response::produced>(answer.body_);
            answer.body_ = response::produced{.writes = sends(std::move(produced)), .size = std::nullopt};
        }
        co_return answer;
    }

private:
    class writer;

    bool is_compressible(std::string_view content_type) const {
        const std::string_view type = without_blanks(content_type.substr(0, content_type.find(';')));
        return std::ranges::any_of(options_.types, [&](std::string_view each) {
            if (each.ends_with("/*"))
                return is_same_token(type.substr(0, each.size() - 1), each.substr(0, each.size() - 1));
            if (each.starts_with("*+")) {
                each.remove_prefix(1);
                return type.size() > each.size() && is_same_token(type.substr(type.size() - each.size()), each);
            }
            return is_same_token(type, each);
        });
    }
    response::producer sends(response::file_part part) const {
        return [file = std::make_shared<packed_file>(std::move(part), options_.level)](body_writer& to) -> task<> {
            while (!file->is_over()) {
                const std::string piece = co_await to_thread([file] { return file->next(); });
                co_await to.write(piece);
            }
        };
    }
    response::producer sends(response::produced inner) const;

    compress_options options_;
};

/// What a body that is written while it is sent is written to, on its way.
class compressor::writer final : public body_writer {
public:
    writer(body_writer& to, int level, std::optional<std::uint64_t> size) : to_(to), encoder_(level), left_(size) {}

    task<> write(std::string_view bytes) override {
        if (left_ && bytes.size() > *left_) throw std::length_error("http: more is written than the response's size");
        if (left_) *left_ -= bytes.size();
        while (!bytes.empty()) {
            const std::string_view piece = bytes.substr(0, piece_bytes);
            bytes.remove_prefix(piece.size());
            encoder_.encode(piece, gzip_encoder::until::full, output_);
            if (output_.size() >= output_bytes) co_await send();
        }
    }
    task<> flush() override {
        encoder_.encode({}, gzip_encoder::until::now, output_);
        co_await send();
        co_await to_.flush();
    }
    headers& trailers() override { return to_.trailers(); }

    task<> end() {
        if (left_.value_or(0) > 0) throw std::length_error("http: less was written than the response's size");
        encoder_.encode({}, gzip_encoder::until::end, output_);
        co_await send();
    }

private:
    task<> send() {
        const std::string piece = std::exchange(output_, {});  // cancelled or not, it is written once
        co_await to_.write(piece);
    }

    body_writer& to_;
    gzip_encoder encoder_;
    std::string output_;
    std::optional<std::uint64_t> left_;
};

response::producer compressor::sends(response::produced inner) const {
    return [produced = std::move(inner), level = options_.level](body_writer& to) mutable -> task<> {
        writer compressing(to, level, produced.size);
        co_await produced.writes(compressing);
        co_await compressing.end();
    };
}

middleware compress(compress_options options) {
    return [c = std::make_shared<const compressor>(std::move(options))](request& r, next rest) -> task<response> {
        response answer = co_await rest(r);
        const bool applies = c->applies_to(answer);
        if (applies || answer.status() == status::not_modified) add_vary(answer.headers());
        if (r.minor_version() < 1 || !wants_gzip(r)) co_return answer;
        if (answer.status() == status::not_modified)
            weaken_tag(answer.headers());  // what the client has was compressed
        if (!applies) co_return answer;
        if (r.method() == method::head) co_return compressor::without_length(std::move(answer));
        co_return co_await c->compress(std::move(answer));
    };
}

}  // namespace weft::inline v0::http
