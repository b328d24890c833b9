// SPDX-License-Identifier: Apache-2.0
#include <weft/http/static_files.hpp>

#include "http/files/content_types.hpp"
#include "http/files/served_folder.hpp"
#include "http/server/request_core.hpp"
#include "http/syntax/accept_encoding.hpp"

#include <weft/exec/to_thread.hpp>
#include <weft/http/conditional.hpp>
#include <weft/http/date.hpp>
#include <weft/http/html_text.hpp>
#include <weft/http/percent.hpp>
#include <weft/http/range.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

namespace weft::inline v0::http {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::string_view boundary = "weft-piece-of-a-file-3f1c9a7e52d8";

struct coding {
    std::string_view name, ending;
};
/// The better first.
constexpr std::array codings = {coding{"br", ".br"}, coding{"gzip", ".gz"}};

/// What a request comes to, found out on another thread.
struct looked_up {
    served_folder::kind what = served_folder::kind::nothing;
    served_file file = {};
    std::string name = {};  // of the file, or of its folder's index
    bool is_index = false;
    std::vector<std::string> entries = {};  // of a folder that is listed
};

bool has_hidden_segment(std::string_view path) {
    if (path.starts_with(".well-known/")) path.remove_prefix(1);
    return path.starts_with('.') || path.contains("/.");
}

looked_up look_up(const served_folder& folder, std::string path, bool ends_in_slash,
                  const static_files_options& options, const std::string& accept_encoding) {
    looked_up result;
    auto found = folder.open(path);
    result.name = path;
    if (found.what == served_folder::kind::folder && ends_in_slash) {
        result.name = path.empty() ? options.index : path + "/" + options.index;
        auto index = options.index.empty() ? served_folder::found{} : folder.open(result.name);
        if (index.what == served_folder::kind::file) {
            found = std::move(index);
            result.is_index = true;
        } else if (options.lists_folders) {
            result.entries = folder.list(path);
        }
    }
    result.what = found.what;
    if (found.what != served_folder::kind::file) return result;
    result.file = std::move(found.file);
    for (const coding& c : codings) {
        if (!options.precompressed || coding_quality(accept_encoding, c.name) == 0) continue;
        auto packed = folder.open(result.name + std::string(c.ending));
        if (packed.what != served_folder::kind::file) continue;
        result.file = std::move(packed.file);
        result.file.coding = c.name;
        break;
    }
    return result;
}

std::string hexadecimal(std::uint64_t number) {
    std::array<char, 16> digits;
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr};
}

etag tag_of(const served_file& f) {
    const auto modified = static_cast<std::uint64_t>(f.modified.time_since_epoch().count());
    return {.tag = hexadecimal(modified) + "-" + hexadecimal(f.size) + (f.coding.empty() ? "" : "-") +
                   std::string(f.coding)};
}

/// Blocks. The file is kept by whoever may be waiting for this no more.
std::string read_piece(const std::shared_ptr<const served_file>& file, std::uint64_t at, std::size_t count) {
    std::string piece(count, '\0');
    const ssize_t size = ::pread(file->fd.get(), piece.data(), piece.size(), static_cast<off_t>(at));
    if (size <= 0) throw std::system_error(size < 0 ? errno : EIO, std::generic_category(), "http::static_files: read");
    piece.resize(static_cast<std::size_t>(size));
    return piece;
}

/// Several ranges of one file: parts as in a multipart message. @see RFC 9110 14.6
task<> write_ranges(body_writer& to, std::shared_ptr<const served_file> file, std::vector<byte_range> ranges,
                    std::string_view type) {
    for (const byte_range& r : ranges) {
        co_await to.write("\r\n--" + std::string(boundary) + "\r\nContent-Type: " + std::string(type) +
                          "\r\nContent-Range: " + r.content_range(file->size) + "\r\n\r\n");
        for (std::uint64_t at = r.offset, end = r.offset + r.size; at < end;) {
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(end - at, piece_bytes));
            const std::string piece = co_await to_thread(read_piece, file, at, count);
            co_await to.write(piece);
            at += piece.size();
        }
    }
    co_await to.write("\r\n--" + std::string(boundary) + "--\r\n");
}

response partial(served_file file, std::vector<byte_range> ranges, std::string_view type) {
    if (ranges.size() == 1) {
        const std::string content_range = ranges[0].content_range(file.size);
        response r = response::file({std::move(file.fd), ranges[0].offset, ranges[0].size}, type);
        r.headers().add("Content-Range", content_range);
        r.set_status(status::partial_content);
        return r;
    }
    response r = response::stream(
        [kept = std::make_shared<const served_file>(std::move(file)), all = std::move(ranges),
         type](body_writer& to) -> task<> {
            return write_ranges(to, kept, all, type);  // the type is a literal
        },
        "multipart/byteranges; boundary=" + std::string(boundary));
    r.set_status(status::partial_content);
    return r;
}

response send(const request& asked, looked_up found, const static_files_options& options) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const validators state{.tag = tag_of(found.file),
                           .last_modified = std::chrono::floor<std::chrono::seconds>(found.file.modified)};
    const std::string coding(found.file.coding);
    const auto finish = [&](response r) {
        headers& fields = r.headers();
        fields.set("ETag", state.tag->to_string());
        fields.set("Last-Modified", format_date(*state.last_modified));
        fields.set("Accept-Ranges", "bytes");
        fields.set("X-Content-Type-Options", "nosniff");
        if (options.precompressed) fields.set("Vary", "Accept-Encoding");
        if (!coding.empty()) fields.set("Content-Encoding", coding);
        fields.set("Cache-Control",
                   options.max_age ? "max-age=" + std::to_string(options.max_age->count()) : "no-cache");
        return r;
    };
    switch (evaluate(asked.method(), asked.headers(), state, now)) {
        case precondition::not_modified: return finish(response(status::not_modified));
        case precondition::fails: throw http_error(status::precondition_failed);
        case precondition::holds: break;
    }
    const std::string_view type = content_type_of(found.name);
    const std::uint64_t size = found.file.size;
    const auto range = asked.headers().get("Range");
    if (range && asked.method() == method::get && range_counts(asked.headers(), state, now)) {
        byte_ranges wanted = byte_ranges::parse(*range, size);
        if (wanted.how == byte_ranges::outcome::refused)
            throw http_error(status::range_not_satisfiable, {}, {{"Content-Range", "bytes */" + std::to_string(size)}});
        // Several parts come in a message of their own, which is not what is packed: as if there were no Range.
        const bool is_sound = coding.empty() || wanted.ranges.size() == 1;
        if (wanted.how == byte_ranges::outcome::partial && is_sound)
            return finish(partial(std::move(found.file), std::move(wanted.ranges), type));
    }
    return finish(response::file({std::move(found.file.fd), 0, size}, type));
}

response listing(std::string_view path, const std::vector<std::string>& entries) {
    const std::string title = html_text(path);
    std::string page = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>" + title + "</title>\n<h1>" +
                       title + "</h1>\n<ul>\n<li><a href=\"..\">..</a></li>\n";
    for (const std::string& name : entries) {
        page += "<li><a href=\"./" + percent_encode(name, "/") + "\">" + html_text(name) + "</a></li>\n";
    }
    return response::html(page + "</ul>\n</html>\n");
}

}  // namespace

handler static_files(const std::string& folder, static_files_options options) {
    struct shared {
        served_folder folder;
        static_files_options options;
    };
    auto site = std::make_shared<const shared>(served_folder(folder), std::move(options));
    return [site](request& r) -> task<response> {
        const request_core& core = request_core::of(r);
        std::string path(core.values.empty() ? r.path() : core.values.back());
        while (path.starts_with('/')) path.erase(0, 1);
        const bool ends_in_slash = path.empty() || path.ends_with('/');
        while (path.ends_with('/')) path.pop_back();
        if (!site->options.dot_files && has_hidden_segment(path)) throw http_error(status::not_found);

        looked_up found =
            co_await to_thread([site, path, ends_in_slash, accepted = std::string(r.header("Accept-Encoding"))] {
                return look_up(site->folder, path, ends_in_slash, site->options, accepted);
            });
        using kind = served_folder::kind;
        if (found.what == kind::forbidden) throw http_error(status::forbidden);
        if (found.what == kind::nothing || (found.what == kind::file && ends_in_slash && !found.is_index))
            throw http_error(status::not_found);
        if (found.what == kind::file) co_return send(r, std::move(found), site->options);
        if (!ends_in_slash) {  // relative: a path that begins with two slashes would be another host's
            const std::string name = path.substr(path.rfind('/') + 1);
            co_return response::redirect("./" + percent_encode(name) + "/", status::permanent_redirect);
        }
        if (!site->options.lists_folders) throw http_error(status::not_found);
        co_return listing(r.path(), found.entries);
    };
}

}  // namespace weft::inline v0::http
