// SPDX-License-Identifier: Apache-2.0
#include "net/datagram_core.hpp"

#include "io/socket_address.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

datagram_core::datagram_core(event_loop& loop, unique_fd socket, std::size_t max_bytes)
    : loop_(loop),
      fd_(std::move(socket)),
      family_(get_option(fd_.get(), SOL_SOCKET, SO_DOMAIN, "datagram socket: SO_DOMAIN")),
      max_bytes_(max_bytes),
      receive_(*this),
      output_(*this, loop) {
    receive_.fd = fd_.get();
    output_.use(fd_.get());
    loop_.operations().claim(fd_.get());
    loop_.attach(*this);
}

void datagram_core::owns_file(std::string path) {
    if (::lstat(path.c_str(), &file_status_) == 0) file_ = std::move(path);
}

void datagram_core::require_open(const char* who) const {
    if (is_closed())
        throw std::system_error(EBADF, std::generic_category(), std::string(who) + ": the socket is closed");
}

void datagram_core::throw_closed(const char* who) {
    throw std::system_error(ECONNABORTED, std::generic_category(),
                            std::string(who) + ": the socket was closed while a task waited for it");
}

// Receiving

void datagram_core::wait(receive_awaiter& r) noexcept {
    readers_.push_back(r);
    r.waits_ = true;
    if (has_come_) {
        if (!promised_to_) promise();
    } else {
        receive_as_needed();
    }
}

void datagram_core::leave(receive_awaiter& r) noexcept {
    r.unlink();
    r.waits_ = false;
    if (promised_to_ != &r) return;
    promised_to_ = nullptr;
    promise();
}

void datagram_core::receive_as_needed() noexcept {
    if (readers_.empty() || receive_.is_submitted()) return;
    try {
        if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(max_bytes_);
        receive_.use({buffer_.get(), max_bytes_}, sizeof receive_.address);
        loop_.operations().submit(receive_);
    } catch (...) {
        received(-refusal());
    }
}

void datagram_core::received(int result) noexcept {
    has_come_ = true;
    error_ = result < 0 ? -result : 0;
    sent_bytes_ = result < 0 ? 0 : static_cast<std::size_t>(result);
    promise();
}

/// What has come is for the first in line whose task has not been woken by something else.
void datagram_core::promise() noexcept {
    while (has_come_ && !readers_.empty()) {
        receive_awaiter& r = readers_.pop_front();
        if (!r.can_complete()) {
            r.waits_ = false;  // it will not wait here again
            continue;
        }
        promised_to_ = &r;
        return r.wake();
    }
}

void datagram_core::taken() noexcept {
    has_come_ = false;
    error_ = 0;
    promised_to_ = nullptr;
    if (!is_closed()) receive_as_needed();
}

std::span<const std::byte> datagram_core::bytes() const noexcept {
    return {buffer_.get(), std::min(sent_bytes_, max_bytes_)};
}
address datagram_core::from() const {
    // A connected socket of some kinds names nobody: it is the peer.
    return receive_.header.msg_namelen ? to_address(receive_.address, receive_.header.msg_namelen)
                                       : peer_address(fd_.get());
}

// Sending

bool datagram_core::try_send(datagram_send& s) noexcept {
    const int result = output_.try_send(s.bytes_, s.to_.data(), s.to_bytes_);
    if (result == -EAGAIN) return false;
    s.error_ = result < 0 ? -result : 0;
    s.over_ = true;
    return true;
}

bool datagram_core::has_senders() noexcept {
    for (datagram_send& s : senders_) {
        if (s.can_complete()) return true;
    }
    return false;
}

void datagram_core::wait(datagram_send& s) noexcept {
    senders_.push_back(s);
    if (!output_.is_waiting()) serve_senders();
}

/// Sends for those in line what the kernel takes.
void datagram_core::serve_senders() {
    while (!senders_.empty()) {
        datagram_send& s = senders_.front();
        if (!s.can_complete()) {
            s.unlink();  // its task has been woken by something else
        } else if (try_send(s)) {
            s.unlink();
            s.wake();
        } else {
            try {
                return output_.wait();
            } catch (...) {
                return fail_senders(refusal());
            }
        }
    }
}

void datagram_core::fail_senders(int error) noexcept {
    while (!senders_.empty()) {
        datagram_send& s = senders_.pop_front();
        s.error_ = error;
        s.over_ = true;
        s.wake();
    }
}

// Ending

void datagram_core::close() noexcept {
    if (is_closed()) return;
    backend& b = loop_.operations();
    b.cancel(receive_);
    output_.stop();
    b.close(fd_.release());
    if (promised_to_) readers_.push_front(*std::exchange(promised_to_, nullptr));
    while (!readers_.empty()) {
        receive_awaiter& r = readers_.pop_front();
        r.socket_ = nullptr;
        r.waits_ = false;
        r.wake();
    }
    while (!senders_.empty()) {
        datagram_send& s = senders_.pop_front();
        s.socket_ = nullptr;
        s.wake();
    }
    struct stat now{};
    const bool is_ours = !file_.empty() && ::lstat(file_.c_str(), &now) == 0 && now.st_dev == file_status_.st_dev &&
                         now.st_ino == file_status_.st_ino;
    if (is_ours) ::unlink(file_.c_str());
    list_node::unlink();  // of the loop's resources
}

}  // namespace weft::inline v0
