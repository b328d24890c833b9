// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/http/body_writer.hpp>
#include <weft/http/form.hpp>
#include <weft/http/multipart_form.hpp>
#include <weft/io/as_text.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::inline v0::http {

/// What a client sends behind a request's head: a text, a form, or what is written while it is sent.
class request_body {
public:
    /// Writes the body; what it throws ends the request. If the server answers before the end, write() throws
    /// cancelled_error, which is to be let through.
    using producer = std::move_only_function<task<>(body_writer&)>;

    /// None.
    request_body() noexcept = default;
    /// Bytes; without a Content-Type unless the request's headers have one.
    request_body(std::string bytes) noexcept : text_(std::move(bytes)), is_there_(true) {}
    template <viewed_bytes Bytes>
    request_body(const Bytes& bytes) : request_body(to_text(bytes)) {}
    request_body(const char* bytes) : request_body(std::string(bytes)) {}
    request_body(const form& fields) : request_body(fields.to_string()) { type_ = "application/x-www-form-urlencoded"; }
    request_body(multipart_form&& parts) : is_there_(true), type_(parts.content_type()) {
        text_ = std::move(parts).take_text();
    }
    /// @param encoded  JSON text
    static request_body json(std::string encoded);
    /// Written while it is sent, "chunked" unless `size` says how long it is. It can be sent once: a redirect or a retry that
    /// would take it again fails.
    static request_body stream(producer writes, std::optional<std::uint64_t> size = std::nullopt,
                               std::string content_type = "application/octet-stream");

    bool is_there() const noexcept { return is_there_; }

private:
    friend class client_call;
    friend class client_exchange;
    std::string text_;
    producer writes_;  // in place of the text
    std::optional<std::uint64_t> size_;
    bool is_there_ = false;
    std::string type_;
};

}  // namespace weft::inline v0::http
