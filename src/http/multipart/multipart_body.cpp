// SPDX-License-Identifier: Apache-2.0
#include "http/multipart/multipart_body.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft::inline v0::http {

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;

}  // namespace

multipart_body::multipart_body(request& from, std::string_view boundary, multipart_limits limits)
    : from_(&from), parser_(boundary, limits), buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_bytes)) {}

multipart_body::turn::turn(multipart_body& of, std::uint64_t serial) : of_(of) {
    if (!of.from_) throw invalid_state_error("http: a form is read after its request has been answered");
    if (of.is_busy_) throw invalid_state_error("http: a form is read by two tasks at a time");
    if (serial != of.serial_) throw invalid_state_error("http: a part of a form is read after the next was asked for");
    if (of.error_) std::rethrow_exception(of.error_);
    of.is_busy_ = true;
}

task<bool> multipart_body::next_part() {
    using event = multipart_parser::event;
    ++serial_;  // the one before is over, whatever comes of this
    piece_ = {};
    while (!is_over_) {
        switch (parse()) {
            case event::need_more: co_await fill(); break;
            case event::part: is_in_part_ = true; co_return true;
            case event::end: is_over_ = true; break;
            case event::data:
            case event::part_end: break;
        }
    }
    co_return false;
}

task<std::string_view> multipart_body::next_piece() {
    using event = multipart_parser::event;
    if (!piece_.empty()) co_return std::exchange(piece_, {});
    while (is_in_part_) {
        switch (parse()) {
            case event::need_more: co_await fill(); break;
            case event::data: co_return parser_.data();
            case event::part_end: is_in_part_ = false; break;
            case event::part:
            case event::end: break;
        }
    }
    co_return {};
}

task<std::size_t> multipart_body::read_some(std::span<std::byte> buffer) {
    if (buffer.empty()) co_return 0;
    piece_ = co_await next_piece();
    const std::size_t count = std::min(buffer.size(), piece_.size());
    if (count > 0) std::memcpy(buffer.data(), piece_.data(), count);
    piece_.remove_prefix(count);
    co_return count;
}

multipart_parser::event multipart_body::parse() {
    try {
        return parser_.next(input_);
    } catch (...) {
        error_ = std::current_exception();
        throw;
    }
}

task<> multipart_body::fill() {
    const std::span<std::byte> room(buffer_.get(), buffer_bytes);
    const std::size_t count = co_await from_->read_some(room);
    if (!from_) throw invalid_state_error("http: a form is read after its request has been answered");
    if (count == 0) {
        if (!has_begun_ && from_->content_length().value_or(0) > 0)
            throw invalid_state_error("http: the body of the request has been read already");
        error_ = std::make_exception_ptr(http_error(status::bad_request, "the form is cut off"));
        std::rethrow_exception(error_);
    }
    has_begun_ = true;
    input_ = {reinterpret_cast<const char*>(room.data()), count};
}

}  // namespace weft::inline v0::http
