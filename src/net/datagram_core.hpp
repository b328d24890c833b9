// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"
#include "loop/owned_operation.hpp"
#include "net/datagram_output.hpp"
#include "net/socket.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/net/datagram_socket.hpp>

#include <sys/stat.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace weft::inline v0 {

/// The state of a datagram socket: who waits to receive and to send, and a datagram that has come.
///
/// The receive is the socket's, not its readers': it is under way while some wait. What it brought is promised to the first
/// reader in line, and stays here until that takes it; if it does not come, it is the next one's.
class datagram_core final : public loop_resource, public std::enable_shared_from_this<datagram_core> {
public:
    datagram_core(event_loop& loop, unique_fd socket, std::size_t max_bytes);
    ~datagram_core() { close(); }

    bool is_closed() const noexcept { return !fd_; }
    native_handle fd() const noexcept { return fd_.get(); }
    int family() const noexcept { return family_; }
    /// Its file goes when it is closed.
    void owns_file(std::string path);
    /// @throws std::system_error
    void require_open(const char* who) const;
    /// For who has waited, or is about to and saw it open before. @throws std::system_error (connection_aborted)
    [[noreturn]] static void throw_closed(const char* who);

    // Receiving
    bool can_take(const receive_awaiter* r) const noexcept {
        return has_come_ && (promised_to_ ? promised_to_ == r : readers_.empty());
    }
    void wait(receive_awaiter& r) noexcept;
    void leave(receive_awaiter& r) noexcept;
    /// An errno, if that has come in place of a datagram; else 0.
    int error() const noexcept { return error_; }
    std::span<const std::byte> bytes() const noexcept;
    std::size_t sent_bytes() const noexcept { return sent_bytes_; }
    address from() const;
    /// What has come was taken.
    void taken() noexcept;

    // Sending
    /// @return whether it is over: sent, or refused
    bool try_send(datagram_send& s) noexcept;
    bool has_senders() noexcept;
    void wait(datagram_send& s) noexcept;

    void close() noexcept;
    void loop_closes() noexcept override { close(); }

private:
    void receive_as_needed() noexcept;
    void on_received(const completion& c) { received(c.result); }
    void received(int result) noexcept;
    void promise() noexcept;
    void serve_senders();
    void fail_senders(int error) noexcept;

    event_loop& loop_;
    unique_fd fd_;  // none: closed
    const int family_;
    std::size_t max_bytes_;
    std::unique_ptr<std::byte[]> buffer_;  // from the first receive on
    owned_operation<receive_message_operation, datagram_core, &datagram_core::on_received> receive_;
    datagram_output<datagram_core, &datagram_core::serve_senders> output_;
    mutable intrusive_list<receive_awaiter> readers_;
    receive_awaiter* promised_to_ = nullptr;
    bool has_come_ = false;  // a datagram, or an error
    int error_ = 0;
    std::size_t sent_bytes_ = 0;
    intrusive_list<datagram_send> senders_;
    std::string file_;
    struct stat file_status_{};
};

}  // namespace weft::inline v0
