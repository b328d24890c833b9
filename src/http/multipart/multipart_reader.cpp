// SPDX-License-Identifier: Apache-2.0
#include <weft/http/multipart_reader.hpp>

#include "http/multipart/multipart_body.hpp"
#include "http/syntax/field_scanner.hpp"
#include "http/syntax/utf8.hpp"

#include <weft/io/file.hpp>

#include <cstdio>

namespace weft::inline v0::http {

namespace {

using body_ptr = std::shared_ptr<multipart_body>;

// Each keeps what it reads from: the part that was asked may be gone before it is awaited.

[[noreturn]] void refuse_size(const multipart_head& head) {
    throw http_error(status::content_too_large, shown(head.name) + ": too large");
}

task<std::size_t> read_some_of(body_ptr from, std::uint64_t serial, std::span<std::byte> buffer) {
    const multipart_body::turn turn(*from, serial);
    co_return co_await from->read_some(buffer);
}

task<std::string> read_of(body_ptr from, std::uint64_t serial, std::size_t limit, bool is_text) {
    const multipart_body::turn turn(*from, serial);
    std::string all;
    for (;;) {
        const std::string_view piece = co_await from->next_piece();
        if (piece.empty()) break;
        if (piece.size() > limit - all.size()) refuse_size(from->head());
        all += piece;
    }
    if (is_text && !is_utf8(all)) throw http_error(status::bad_request, shown(from->head().name) + ": no UTF-8");
    co_return all;
}

task<std::uint64_t> save_of(body_ptr from, std::uint64_t serial, file& to, std::uint64_t limit) {
    const multipart_body::turn turn(*from, serial);
    std::uint64_t saved = 0;
    for (;;) {
        const std::string_view piece = co_await from->next_piece();
        if (piece.empty()) break;
        if (piece.size() > limit - saved) refuse_size(from->head());
        co_await to.write(piece);
        saved += piece.size();
    }
    co_return saved;
}

/// Goes at the end of the scope, unless it has become whole.
struct unfinished_file {
    explicit unfinished_file(std::string at) noexcept : path(std::move(at)) {}
    unfinished_file(const unfinished_file&) = delete;
    unfinished_file& operator=(const unfinished_file&) = delete;
    ~unfinished_file() {
        if (!path.empty()) std::remove(path.c_str());
    }
    std::string path;
};

task<std::uint64_t> save_anew_of(body_ptr from, std::uint64_t serial, std::string path, std::uint64_t limit) {
    {
        const multipart_body::turn check(*from, serial);
    }  // before there is a file
    file to = co_await file::open(path, open_mode::write | open_mode::exclusive);
    unfinished_file unfinished(std::move(path));
    const std::uint64_t saved = co_await save_of(from, serial, to, limit);
    co_await to.close();
    unfinished.path.clear();
    co_return saved;
}

}  // namespace

task<std::size_t> multipart_part::read_some(std::span<std::byte> buffer) { return read_some_of(of_, serial_, buffer); }
task<std::string> multipart_part::text(std::size_t limit) { return read_of(of_, serial_, limit, true); }
task<std::string> multipart_part::bytes(std::size_t limit) { return read_of(of_, serial_, limit, false); }
task<std::uint64_t> multipart_part::save_to(file& to, std::uint64_t limit) { return save_of(of_, serial_, to, limit); }
task<std::uint64_t> multipart_part::save_to(std::string path, std::uint64_t limit) {
    return save_anew_of(of_, serial_, std::move(path), limit);
}

task<std::optional<multipart_part>> multipart_reader::next() { return next_of(of_); }

task<std::optional<multipart_part>> multipart_reader::next_of(std::shared_ptr<multipart_body> of) {
    const multipart_body::turn turn(*of, of->serial());
    if (!co_await of->next_part()) co_return std::nullopt;
    co_return multipart_part(of, of->serial(), of->head());
}

}  // namespace weft::inline v0::http
