// SPDX-License-Identifier: Apache-2.0
// What sending a file is like, whatever it is that sends it: a stream or a transport.
#pragma once

#include "io/file_core.hpp"
#include "io/file_sender.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/coro/task.hpp>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weft::inline v0 {

/// @return how many bytes to send  @throws std::invalid_argument
std::uint64_t send_file_count(std::uint64_t offset, std::optional<std::uint64_t> count);

/// The output's own, for the caller may close his meanwhile. @param what  for messages
/// @throws std::system_error  it is not open for reading, or has no position: a pipe, a socket
unique_fd descriptor_to_send(native_handle file, const std::string& what);

/// Of a file that is being sent: its position goes behind what was sent when nobody waits for more.
class sent_part {
public:
    sent_part(file_core& f, std::uint64_t offset, const send_file_awaiter& sending) noexcept
        : file_(f), offset_(offset), sending_(sending) {}
    sent_part(const sent_part&) = delete;
    sent_part& operator=(const sent_part&) = delete;
    ~sent_part() {
        if (sending_.sent() > 0 && !file_.position_in_use) file_.position = offset_ + sending_.sent();
    }

private:
    file_core& file_;
    const std::uint64_t offset_;
    const send_file_awaiter& sending_;
};

/// An operation that is under way.
class operation_count {
public:
    explicit operation_count(file_core& f) noexcept : file_(f) { ++file_.operations; }
    operation_count(const operation_count&) = delete;
    operation_count& operator=(const operation_count&) = delete;
    ~operation_count() { --file_.operations; }

private:
    file_core& file_;
};

/// `Output` refers to what sends: require() throws if it cannot, write_file() puts the file behind what was written before.
template <class Output>
task<std::uint64_t> send_descriptor(Output to, native_handle file, std::uint64_t offset, std::uint64_t count) {
    to.require();
    unique_fd own = descriptor_to_send(file, "send_file");
    if (count == 0) co_return 0;
    send_file_awaiter sending;
    to.write_file(sending, std::move(own), offset, count);
    co_return co_await sending;
}

template <class Output>
task<std::uint64_t> send_open_file(Output to, std::shared_ptr<file_core> file, std::uint64_t offset,
                                   std::uint64_t count) {
    to.require();
    const operation_count under_way(*file);
    unique_fd own = descriptor_to_send(file->fd.get(), "send_file: " + file->path);
    if (count == 0) co_return 0;
    send_file_awaiter sending;
    to.write_file(sending, std::move(own), offset, count);
    const sent_part moves_position(*file, offset, sending);
    co_return co_await sending;
}

}  // namespace weft::inline v0
