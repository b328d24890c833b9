// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"
#include "io/stream_layer.hpp"
#include "tls/tls_engine.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/timer_queue.hpp>
#include <weft/tls/tls_context.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace weft::inline v0 {

class handshake_awaiter;

constexpr std::size_t tls_record_bytes = 16 * 1024;  // of plaintext, at most (RFC 8446)

/// TLS over another layer: the stream's layer, and the sink of the one below.
///
/// Ciphertext is on its way out in two buffers, as plaintext is in a stream: `flying_` belongs to the layer below until
/// it says on_sent(), `out_` gathers what comes meanwhile. What came in is not gathered but decrypted at once. An idle
/// connection has no buffer at all.
class tls_layer final : public stream_layer, private stream_sink, private tls_engine::output {
public:
    /// @param peer  for messages and for finding a session again
    tls_layer(event_loop& loop, const tls_context& context, std::string server_hostname, std::string peer);
    ~tls_layer() override;

    /// Goes over `below`, before the stream has this for its layer.
    void go_over(std::unique_ptr<stream_layer> below) noexcept { below_ = std::move(below); }
    /// The same, behind plaintext that `below` is sending, and more that is to follow.
    void go_over(std::unique_ptr<stream_layer> below, byte_buffer& sending, byte_buffer& pending) noexcept {
        go_over(std::move(below));
        is_flying_ = !sending.empty();
        earlier_sends_ = !is_flying_ ? 0 : pending.empty() ? 1 : 2;
        flying_.swap(sending);
        out_.swap(pending);
    }
    /// Starts the handshake, with what was received already; after that the stream has this for its layer.
    void begin(std::span<const std::byte> received);

    bool is_open() const noexcept { return state_ == state::open; }
    tls_info info() const { return engine_.info(); }

    void receive(stream_sink& sink) override;
    void pause_receiving() noexcept override;
    std::ptrdiff_t try_send(std::span<const std::byte> bytes) noexcept override;
    void send(std::span<const std::byte> bytes) override;
    std::exception_ptr failure() const noexcept override { return failure_ ? failure_ : below_->failure(); }
    std::uint64_t unsent() const noexcept override;
    void end() noexcept override;
    void begin_to_finish() noexcept override;
    bool finish() noexcept override;
    void reset() noexcept override;
    native_handle descriptor() const noexcept override { return below_->descriptor(); }
    address peer() const override { return below_->peer(); }
    const char* nameless_peer() const noexcept override { return below_->nameless_peer(); }
    address local() const override { return below_->local(); }

private:
    friend class handshake_awaiter;
    enum class state { handshaking, open, failed };

    /// Tells whether the layer is still there after the sink was told something. Where the sink is TLS as well (TLS in
    /// TLS) it may end the stream then and there, and destroy both layers.
    class survival {
    public:
        explicit survival(tls_layer& l) noexcept : layer_(&l), outer_(std::exchange(l.watching_, this)) {}
        survival(const survival&) = delete;
        survival& operator=(const survival&) = delete;
        ~survival() {
            if (layer_) layer_->watching_ = outer_;
        }
        explicit operator bool() const noexcept { return layer_; }
        void layer_goes() noexcept {
            layer_ = nullptr;
            if (outer_) outer_->layer_goes();
        }

    private:
        tls_layer* layer_;
        survival* outer_;
    };

    // From below
    void on_bytes(byte_buffer& bytes) override;
    void on_end() override;
    void on_receive_error(int error) override;
    void on_sent(int error) override;
    void on_failure(const std::exception_ptr& why) override;
    void on_finished(int error) override;
    bool on_ciphertext(std::span<const std::byte> bytes) noexcept override;
    void on_timeout();

    std::string handshake_with_peer() const { return "TLS handshake with " + peer_; }
    void on_received(std::span<const std::byte> bytes);
    void work(std::span<const std::byte> received, const survival& here);
    void drop(std::size_t bytes) noexcept;
    bool handshake();
    void decrypt(std::size_t expected, const survival& here);
    int encrypt(std::span<const std::byte> bytes, std::size_t& count) noexcept;
    void encrypt_next();
    int flush(bool try_first) noexcept;
    void start_timer(nanos timeout) noexcept;
    void fail(std::exception_ptr why) noexcept;
    void give_up() noexcept;
    bool is_finished() const noexcept;
    bool finish_below() noexcept;
    void settle();
    void receive_below();
    void regulate();

    event_loop& loop_;
    std::unique_ptr<stream_layer> below_;
    stream_sink* sink_ = nullptr;  // the stream's; null until it first receives
    handshake_awaiter* waiting_ = nullptr;
    survival* watching_ = nullptr;
    std::string peer_;
    byte_buffer out_, flying_;
    std::span<const std::byte> plain_;  // what send() was given and is not encrypted yet
    owned_timer<tls_layer, &tls_layer::on_timeout> timer_;  // for the handshake; later, for the end
    std::exception_ptr failure_;
    int send_error_ = 0;
    int earlier_sends_ = 0;  // by below, until all plaintext from before the handshake is sent
    std::size_t dropped_bytes_ = 0;  // that came behind the end
    state state_ = state::handshaking;
    bool is_sending_ = false;  // on_sent() is owed to the stream
    bool is_flying_ = false;  // … to us
    bool is_direct_ = false;  // what is encrypted may go below at once
    bool wants_input_ = false;  // the stream does
    bool wants_end_ = false;  // end() came before the handshake was over
    bool is_congested_ = false;  // … and gets none: see regulate()
    bool has_ended_ = false;  // we have sent close_notify
    bool peer_ended_ = false;  // the peer has
    bool below_ended_ = false;
    bool closing_ = false, finishing_ = false, below_finishes_ = false, was_reset_ = false;
    tls_engine engine_;
};

}  // namespace weft::inline v0
