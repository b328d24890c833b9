// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/task.hpp>
#include <weft/http/multipart.hpp>
#include <weft/http/request.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// The body of a request as a form with files: what a multipart_reader and the parts that it gave share. One of them reads at a
/// time, and none when the request is over; whoever tries gets an error.
class multipart_body {
public:
    /// @throws http_error (400)  the boundary is none
    multipart_body(request& from, std::string_view boundary, multipart_limits limits);

    /// Who has one reads.
    class turn {
    public:
        /// @throws invalid_state_error
        turn(multipart_body& of, std::uint64_t serial);
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() { of_.is_busy_ = false; }

    private:
        multipart_body& of_;
    };

    /// Of the part whose content may be read.
    std::uint64_t serial() const noexcept { return serial_; }
    const multipart_head& head() const noexcept { return parser_.head(); }

    /// @return false: there is none  @throws as multipart_reader::next()
    task<bool> next_part();
    /// Some of the part's content, until the next call; empty at its end.
    task<std::string_view> next_piece();
    task<std::size_t> read_some(std::span<std::byte> buffer);

    /// The request is over.
    void end() noexcept { from_ = nullptr; }

private:
    multipart_parser::event parse();
    task<> fill();

    request* from_;  // null: it is over
    multipart_parser parser_;
    std::unique_ptr<std::byte[]> buffer_;
    std::string_view input_;  // of the buffer, not parsed yet
    std::string_view piece_;  // of the content, not given out yet
    std::exception_ptr error_;  // the parser's last word
    std::uint64_t serial_ = 0;
    bool is_in_part_ = false, is_over_ = false, is_busy_ = false, has_begun_ = false;
};

}  // namespace weft::inline v0::http
