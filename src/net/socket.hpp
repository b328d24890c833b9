// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/io/address.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace weft::inline v0 {

/// An address of the system's with its length.
struct socket_address {
    sockaddr_storage storage{};
    socklen_t bytes = 0;

    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
    sa_family_t family() const noexcept { return storage.ss_family; }
    std::uint16_t port() const noexcept;
    void set_port(std::uint16_t port) noexcept;
    address text() const;
    bool operator==(const socket_address& other) const noexcept;
};

/// The address that `host` spells: IPv4, or IPv6 (with %zone). Empty: it spells none.
std::optional<socket_address> numeric_address(const std::string& host, std::uint16_t port);

/// @param path  a name that begins with '@', as address has it, or with a NUL byte, as Python has it, is abstract: no file
/// @param who  for the message
/// @throws std::invalid_argument  no path; std::system_error (filename_too_long)
socket_address unix_address(const char* who, const std::string& path);
bool is_abstract(const socket_address& unix_socket) noexcept;

/// Non-blocking, close-on-exec. @throws std::system_error
unique_fd make_stream_socket(int family);
/// The same for datagrams. @param who  for the message
unique_fd make_datagram_socket(int family, const char* who);
/// @throws std::system_error naming the address
void bind_to(native_handle fd, const socket_address& at);
/// If there is a Unix socket at `path`, whoever has it. What cannot be looked at or removed shows when it is bound to.
void remove_socket_file(const std::string& path) noexcept;
void set_option(int fd, int level, int option, int value, const char* what);
/// @throws std::system_error  it is no socket
int get_option(int fd, int level, int option, const char* what);
/// Makes somebody else's socket as ours are. @throws std::invalid_argument  it is no stream socket
void make_ours(int fd, const std::string& what);
/// The same for one that has datagrams, or raw packets: whatever comes whole and has no connections to be accepted.
void make_ours_for_datagrams(int fd, const std::string& what);

/// A socket that operations are submitted for: closed by the backend, which has to forget it.
class registered_socket {
public:
    registered_socket() noexcept = default;
    /// @throws std::bad_alloc
    registered_socket(backend& b, unique_fd fd) : backend_(&b), fd_(std::move(fd)) { b.claim(fd_.get()); }
    registered_socket(registered_socket&&) noexcept = default;
    registered_socket& operator=(registered_socket&& other) noexcept {
        reset();
        backend_ = other.backend_;
        fd_ = std::move(other.fd_);
        return *this;
    }
    ~registered_socket() { reset(); }

    native_handle get() const noexcept { return fd_.get(); }
    explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
    /// To be moved from once there is something else to close it.
    unique_fd& descriptor() noexcept { return fd_; }
    void reset() noexcept {
        if (fd_) backend_->close(fd_.release());
    }

private:
    backend* backend_ = nullptr;
    unique_fd fd_;
};

}  // namespace weft::inline v0
