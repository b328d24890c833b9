// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// A form with files in it, to be sent: what multipart_parser takes apart.
///
///     http::multipart_form form;
///     form.add("title", "a cat").add_file("picture", "cat.png", std::move(bytes), "image/png");
///     co_await client.post(url, std::move(form));
///
/// It is made in memory. Parts are divided by 128 random bits, which no content can know. @see RFC 7578, requests' files=
class multipart_form {
public:
    multipart_form();

    multipart_form& add(std::string_view name, std::string_view value);
    /// @throws std::invalid_argument  a type with a control character in it
    multipart_form& add_file(std::string_view name, std::string_view filename, std::string_view content,
                             std::string_view content_type = "application/octet-stream");

    /// For the Content-Type field, with the boundary.
    std::string content_type() const;
    /// All of it. This is empty then.
    std::string take_text() &&;

private:
    void begin_part(std::string_view name);

    std::string boundary_;
    std::string text_;
};

}  // namespace weft::inline v0::http
