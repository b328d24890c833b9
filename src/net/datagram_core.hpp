// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"
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
    struct receiving : receive_message_operation {
        explicit receiving(datagram_core& c) noexcept : receive_message_operation(completed), owner(c) {}
        static void completed(operation& op, const completion& c) {
            static_cast<receiving&>(op).owner.received(c.result);
        }
        datagram_core& owner;
    };
    struct writable : writable_operation {
        explicit writable(datagram_core& c) noexcept : writable_operation(completed), owner(c) {}
        static void completed(operation& op, const completion&) {
            static_cast<writable&>(op).owner.serve_senders(true);
        }
        datagram_core& owner;
    };
    struct own_timer : timer_node {
        explicit own_timer(datagram_core& c) noexcept : timer_node(fired), owner(c) {}
        static void fired(timer_node& t) { static_cast<own_timer&>(t).owner.serve_senders(false); }
        datagram_core& owner;
    };

    void receive_as_needed() noexcept;
    void received(int result) noexcept;
    void promise() noexcept;
    void serve_senders(bool said_to_be_writable) noexcept;
    void fail_senders(int error) noexcept;

    event_loop& loop_;
    unique_fd fd_;  // none: closed
    const int family_;
    std::size_t max_bytes_;
    std::unique_ptr<std::byte[]> buffer_;  // from the first receive on
    receiving receive_;
    writable writable_;
    send_message_operation send_;  // never submitted: tried
    own_timer retry_;
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
