// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/http/multipart.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace weft::inline v0 {

class file;

namespace http {

class multipart_body;

/// A part of a form that is being received: a field, or a file. Its content is read while it arrives, until the next part is
/// asked for; what its head says stays as long as this.
/// @throws awaited, from what reads: invalid_state_error  the next part has been asked for, the request has been answered, or
///     another task is reading; http_error (400)  the form is malformed or cut off; as request::read_some()
/// @see starlette.datastructures.UploadFile, aiohttp.BodyPartReader
class multipart_part {
public:
    /// Of the form's field.
    const std::string& name() const noexcept { return head_.name; }
    /// A file, and not the place for one that was left empty.
    bool is_file() const noexcept { return head_.filename && !head_.filename->empty(); }
    /// What the client calls its file, made fit to be a file's name here: no path is in it. Empty if it is no file.
    /// @see safe_filename; head().filename is what was sent
    std::string filename() const { return is_file() ? safe_filename(*head_.filename) : std::string(); }
    /// What the client says it is, which may be untrue.
    const std::string& content_type() const noexcept { return head_.content_type; }
    const http::headers& headers() const noexcept { return head_.fields; }
    const multipart_head& head() const noexcept { return head_; }

    /// At least one byte of the content, at most `buffer.size()`; 0 at its end.  @cancel no byte is lost
    task<std::size_t> read_some(std::span<std::byte> buffer);
    /// All that is left of it. @throws awaited: http_error (413)  it is longer than `limit`; (400)  it is no UTF-8
    task<std::string> text(std::size_t limit = 64 * 1024);
    /// The same, whatever bytes they are.
    task<std::string> bytes(std::size_t limit = 64 * 1024);
    /// Writes all that is left of it to a file that is made for it, piece by piece: what it takes of memory does not depend on
    /// its size. The file goes again if that does not come to an end.
    /// @return awaited: how many bytes
    /// @throws awaited: http_error (413)  it is longer than `limit`; std::system_error (file_exists): none is overwritten; as
    ///     file::write()
    task<std::uint64_t> save_to(std::string path, std::uint64_t limit = std::numeric_limits<std::uint64_t>::max());
    /// To the position of one that is open; what has come is in it, whatever happens.
    /// @param to  lives until that has been awaited
    task<std::uint64_t> save_to(file& to, std::uint64_t limit = std::numeric_limits<std::uint64_t>::max());

private:
    friend class multipart_reader;
    multipart_part(std::shared_ptr<multipart_body> of, std::uint64_t serial, multipart_head head) noexcept
        : of_(std::move(of)), serial_(serial), head_(std::move(head)) {}

    std::shared_ptr<multipart_body> of_;
    std::uint64_t serial_;
    multipart_head head_;
};

/// A form with files in it, part after part, as it arrives.
///
///     auto form = co_await r.multipart();
///     while (auto part = co_await form.next()) {
///         if (part->is_file()) co_await part->save_to(folder + "/" + part->filename());
///         else fields.add(part->name(), co_await part->text());
///     }
///
/// Nothing is kept of it but a buffer of 64 KiB and a part's head. It is of use until the request has been answered, and says so
/// afterwards. @see request::multipart, multipart_parser, aiohttp.MultipartReader
class multipart_reader {
public:
    /// What has not been read of the part before is dropped.
    /// @return awaited: empty after the last one
    /// @throws awaited: http_error (413)  too many parts, a part's head is too long; else as multipart_part::read_some()
    task<std::optional<multipart_part>> next();

private:
    friend class request;
    explicit multipart_reader(std::shared_ptr<multipart_body> of) noexcept : of_(std::move(of)) {}
    static task<std::optional<multipart_part>> next_of(std::shared_ptr<multipart_body> of);

    std::shared_ptr<multipart_body> of_;
};

}  // namespace http
}  // namespace weft::inline v0
