// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/message/chunked_decoder.hpp"
#include "http/server/exchange.hpp"
#include "http/server/server_core.hpp"

#include <weft/base/intrusive_list.hpp>
#include <weft/io/stream.hpp>
#include <weft/loop/any_task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// One connection of a server's: reads requests, has them answered, and sends the answers, in their order.
///
///     idle → head → handling (↔ body) → answering → idle … → leaving, or handed over to another protocol
///
/// All of it is one task. Whoever gives the client up (it is too slow, it has gone, the server closes) notes why and cancels
/// that task; where the cancellation arrives the note tells what becomes of it.
class server_connection final : public list_node, private body_source {
public:
    static task<> serve(std::shared_ptr<server_core> server, stream s);

    /// A second has passed: is the client too slow?
    void look();
    /// The server closes: an idle connection ends now, another behind its answer.
    void drain();
    bool is_answering() const noexcept { return is_answering(phase_); }

private:
    enum class phase : std::uint8_t { idle, head, handling, body, answering, leaving, handed_over };
    enum class reason : std::uint8_t { none, too_slow, client_gone, draining };
    /// What the bytes that have come amount to.
    enum class finding : std::uint8_t { more, request, end };
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    class answer_writer;
    struct body_wait;
    static constexpr bool is_answering(phase p) noexcept { return p > phase::head && p < phase::leaving; }

    server_connection(std::shared_ptr<server_core> server, stream s);
    ~server_connection();

    finding find_request();
    void begin_request();
    void go_idle() noexcept;
    output_awaiter flush();
    task<bool> answer_request();
    task<> leave();
    void enter(phase p) noexcept;
    void learn_of_peer();

    void give_up(reason why);
    bool was_given_up() noexcept;
    void set_deadline(std::chrono::nanoseconds from_now) noexcept;
    bool is_stalled(std::uint32_t now);

    // The answer
    static void require_answer(response& answer);
    response failed(const std::exception_ptr& error);
    void report(std::string_view where, const std::exception_ptr& error);
    void report_body(const std::exception_ptr& error);
    void refuse(const refusal& why);
    bool send_at_once(response& answer);
    task<> send(response& answer);
    task<> hand_over(response& answer);
    void append_head(const response& answer, bool is_chunked);
    bool has_content(const response& answer) const noexcept;
    void log(http::status status);

    // The body
    task<std::size_t> read_some(std::span<std::byte> buffer) override;
    task<std::string> read_all() override;

    // The sender
    address peer() const override;
    bool is_secure() const noexcept override;
    bool is_misdirected() const noexcept;
    void require_body_within_limit() const;
    template <class Take>
    std::size_t take_body(std::size_t most, Take take);
    task<> await_body();
    void skip_body() noexcept;
    bool is_soon_over() const noexcept;
    task<> outwait_body();
    void forsake_body() noexcept;

    request_core& request() noexcept { return exchange_->request; }
    const request_core& request() const noexcept { return exchange_->request; }
    std::string& output() noexcept { return exchange_->output; }

    std::shared_ptr<server_core> server_;
    stream stream_;
    end_watch watch_;
    any_task self_;
    std::unique_ptr<exchange> exchange_;  // null while it is idle
    std::uint64_t body_left_ = 0;  // of a counted one
    std::uint64_t body_read_ = 0;
    std::uint64_t body_sent_ = 0;  // of the answer
    std::size_t seen_ = 0;  // of a head that is not whole
    std::uint64_t given_ = 0;  // to the stream
    std::int64_t taken_ = 0;  // of that, when the client last was as fast as it has to be
    std::unique_ptr<const std::string>
        tls_host_;  // that it asked for in TLS; null: none that a request must agree with
    clock::time_point began_;  // the request, if there is an access log
    std::uint32_t deadline_ = 0, taken_since_ = 0;  // ticks of the server's
    std::uint32_t body_since_ = 0;  // as if it had been waited for without a break
    std::uint32_t body_waited_ = 0;  // the handler's own time is not its client's
    std::uint32_t requests_ = 0;
    phase phase_ = phase::idle;
    reason reason_ = reason::none;
    body_wait* body_wait_ = nullptr;  // somebody waits for more of the body
    bool keeps_alive_ = true;
    bool body_is_over_ = true;
    bool owes_continue_ = false;  // the client waits for "100 Continue"
    bool lingers_ = false;  // the client may be sending what nobody reads
    bool is_left_to_reader_ = false;  // who still waits for a body that nobody wants has the stream's reading end
    bool is_secure_ = false;
    bool is_behind_proxy_ = false;  // one that is trusted
    bool has_wanted_hosts_ = false;  // not every Host will do
};

}  // namespace weft::inline v0::http
