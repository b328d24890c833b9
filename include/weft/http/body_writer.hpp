// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/io/as_text.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace weft::inline v0::http {

class headers;

/// What a body that is written while it is sent is written to.
class body_writer {
public:
    body_writer(const body_writer&) = delete;
    body_writer& operator=(const body_writer&) = delete;

    /// Waits while the client takes no more. @throws std::system_error  the client has gone
    virtual task<> write(std::string_view bytes) = 0;
    task<> write(std::span<const std::byte> bytes) { return write(as_text(bytes)); }
    /// Sends what was written so far without waiting for more of it.
    virtual task<> flush() = 0;
    /// Fields behind the body; they are sent if the body is chunked.
    virtual headers& trailers() = 0;

protected:
    body_writer() = default;
    ~body_writer() = default;
};

}  // namespace weft::inline v0::http
