// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/client/client_deadline.hpp"
#include "http/client/client_pool.hpp"
#include "http/message/chunked_decoder.hpp"
#include "http/message/content_decoder.hpp"
#include "http/message/head_parser.hpp"

#include <weft/http/client_error.hpp>
#include <weft/http/method.hpp>
#include <weft/http/request_body.hpp>
#include <weft/http/url.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// A request as it goes onto the wire.
struct outgoing_request {
    http::method method = http::method::get;
    std::string head = {};  // with the empty line
    request_body* body = nullptr;
    bool awaits_continue = false;
    bool asks_upgrade = false;
};

/// One request on one connection, and its response:
///
///     send() → receive_head() → read_some()… → the connection is kept, closed, or taken
///
/// The connection is kept as soon as the response is over, if it can be. After an error it is closed.
class client_exchange {
public:
    client_exchange(client_lease lease, client_deadline deadline, const client_limits& limits, method m, url to);
    ~client_exchange();

    /// Sends as much of it as the server takes: it may answer before the end, or go; then receive_head() tells.
    /// @throws timeout_error, what the body's producer throws
    task<> send(outgoing_request& r);
    /// @throws client_error, timeout_error, std::system_error
    task<> receive_head();
    /// A byte of an answer has come, of whatever kind.
    bool has_answer() const noexcept { return has_answer_; }
    /// The body's producer has been asked for it.
    bool was_produced() const noexcept { return was_produced_; }

    const response_head& head() const noexcept { return head_; }
    http::method method() const noexcept { return method_; }
    const url& to() const noexcept { return to_; }
    std::vector<url>& history() noexcept { return history_; }
    client_deadline& deadline() noexcept { return deadline_; }
    const client_limits& limits() const noexcept { return limits_; }

    /// From now on the body is given decompressed, if its fields say that it is not.
    void decompress();
    std::optional<std::uint64_t> content_length() const noexcept;
    /// @return 0: the end  @cancel no byte is lost
    task<std::size_t> read_some(std::span<std::byte> buffer);
    /// Drops what is left of a short body, if it comes soon.
    task<> drain();
    void close() noexcept;
    stream take_stream();

private:
    class body_sender;
    /// A body that is decompressed.
    struct decoding {
        content_decoder decoder;
        std::array<std::byte, 16 * 1024> raw;
        std::string_view rest;  // of what was read into there
    };

    // Sending
    task<bool> pass_on(std::string_view bytes);
    task<> await_continue();

    // Receiving
    bool find_head();
    void begin_body() noexcept;
    void finish_body() noexcept;
    task<bool> await_input(client_phase phase);
    std::size_t take_body(std::span<std::byte> into);
    std::size_t take_chunks(std::span<std::byte> into);
    task<std::size_t> read_raw(std::span<std::byte> buffer);
    task<std::size_t> read_decoded(std::span<std::byte> buffer);
    [[noreturn]] void fail(client_errc code, std::string_view why) const;

    stream& connection() noexcept { return lease_.connection(); }

    client_lease lease_;
    client_deadline deadline_;
    client_limits limits_;
    url to_;
    std::vector<url> history_;
    head_parser parser_;
    response_head head_;
    chunked_decoder chunks_;
    std::unique_ptr<decoding> decoding_;  // null: the body is given as it is
    std::uint64_t body_left_ = 0;  // of a counted one
    std::size_t informational_ = 0;
    http::method method_;
    bool asks_upgrade_ = false;
    bool has_answer_ = false;
    bool has_head_ = false;
    bool was_told_to_go_on_ = false;
    bool was_produced_ = false;
    bool is_sent_ = false;  // to its end
    bool body_is_over_ = false;
};

}  // namespace weft::inline v0::http
