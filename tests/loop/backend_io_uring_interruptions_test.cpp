// SPDX-License-Identifier: Apache-2.0
// What io_uring may say of an operation and a test cannot make it say: that it was interrupted, that one connection of a
// listener went wrong. Another ring puts the completion among those of the backend's.
#include "loop/backend_io_uring.hpp"

#include "loop/io_uring_and_another.hpp"

#include <poll.h>
#include <sys/un.h>

using namespace weft_test;

namespace {

class io_uring_that_is_told : public io_uring_and_another {
protected:
    using io_uring_and_another::tell;
    /// The same of an operation that is under way, and worked off.
    void tell(const weft::operation& op, int result) {
        ASSERT_TRUE(op.is_submitted());
        ASSERT_TRUE(tell(op.slot, result));
        turn_a_little();
    }

    // Here, for they outlive the backend.
    kept<weft::receive_message_operation> receive_;
    kept<weft::send_message_operation> send_message_;
    sending send_;
    connecting connect_;
    accepting accept_;
    std::string room_ = std::string(64, '\0');
    std::span<std::byte> span() { return std::as_writable_bytes(std::span(room_)); }
};

TEST_F(io_uring_that_is_told, of_an_interrupted_receive_of_a_message_asks_again) {
    receive_.use(span());
    receive_.fd = messages_[0];
    backend_->submit(receive_);
    turn_a_little();
    tell(receive_, -EINTR);
    EXPECT_FALSE(receive_.over);
    ASSERT_EQ(::send(messages_[1], "hello", 5, 0), 5);
    turn_until([&] { return receive_.over; });
    EXPECT_EQ(receive_.results, std::deque{5});
    EXPECT_EQ(room_.substr(0, 5), "hello");
}

TEST_F(io_uring_that_is_told, of_an_interrupted_send_of_a_message_sends_again) {
    room_ = std::string(20'000, 'x');
    while (::send(messages_[0], room_.data(), room_.size(), 0) > 0) {
    }
    send_message_.use(span());
    send_message_.fd = messages_[0];
    backend_->submit(send_message_);
    turn_a_little();
    tell(send_message_, -EINTR);
    EXPECT_FALSE(send_message_.over);
    std::string got(room_.size(), '\0');
    while (::recv(messages_[1], got.data(), got.size(), 0) > 0) {
    }
    turn_until([&] { return send_message_.over; });
    EXPECT_EQ(send_message_.results, std::deque{20'000});
}

TEST_F(io_uring_that_is_told, of_an_interrupted_send_sends_again) {
    const std::string much(64 * 1024, 'x');
    while (::send(bytes_[0], much.data(), much.size(), 0) > 0) {
    }
    send_.bytes = std::as_bytes(std::span(much)).first(3);
    send_.fd = bytes_[0];
    backend_->submit(send_);
    turn_a_little();
    tell(send_, -EINTR);
    EXPECT_FALSE(send_.over);
    std::string got(much.size(), '\0');
    while (::recv(bytes_[1], got.data(), got.size(), 0) > 0) {
    }
    turn_until([&] { return send_.over; });
    EXPECT_EQ(send_.results, std::deque{3});
}

TEST_F(io_uring_that_is_told, of_an_interrupted_connect_waits_until_it_is_connected) {
    for (const int family : {AF_INET, AF_UNIX}) {
        const weft::unique_fd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (family == AF_INET) {
            sockaddr_in at{};
            at.sin_family = AF_INET;
            at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
        } else {
            const sockaddr_un any{.sun_family = AF_UNIX, .sun_path = {}};  // the kernel names it
            ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any.sun_family), 0);
        }
        ASSERT_EQ(::listen(listener.get(), 5), 0);
        connect_.address_bytes = sizeof connect_.address;
        ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&connect_.address), &connect_.address_bytes);
        weft::unique_fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const weft::unique_fd also(::dup(fd.get()));

        connect_.results.clear();
        connect_.over = false;
        auto fresh = weft::make_io_uring_backend();  // where the slot is known before it is submitted
        std::swap(backend_, fresh);
        turn_a_little();
        // Told before the kernel has heard of it: it was interrupted, went on, and now takes bytes.
        ASSERT_TRUE(tell(0, -EINTR));
        ASSERT_TRUE(tell(0, POLLOUT));
        backend_->wait(0);
        submit(connect_, fd);
        backend_->dispatch();
        turn_until([&] { return connect_.over; });
        EXPECT_EQ(connect_.results, std::deque{0});
        EXPECT_EQ(::send(also.get(), "x", 1, 0), 1);
        backend_->close(fd.release());
        std::swap(backend_, fresh);
    }
}

TEST_F(io_uring_that_is_told, of_an_interrupted_connect_that_nobody_listens_for_says_so) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const weft::unique_fd nobody(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(nobody.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    connect_.address_bytes = sizeof connect_.address;
    ::getsockname(nobody.get(), reinterpret_cast<sockaddr*>(&connect_.address), &connect_.address_bytes);
    weft::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ASSERT_TRUE(tell(0, -EINTR));
    ASSERT_TRUE(tell(0, POLLERR | POLLHUP));
    backend_->wait(0);
    submit(connect_, fd);
    backend_->dispatch();
    turn_until([&] { return connect_.over; });
    EXPECT_EQ(connect_.results, std::deque{-ECONNREFUSED});
    backend_->close(fd.release());
}

TEST_F(io_uring_that_is_told, of_a_connection_that_went_wrong_accepts_the_next_one) {
    const weft::unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::listen(listener.get(), 5), 0);  // on a port of the kernel's choice
    sockaddr_storage at{};
    socklen_t size = sizeof at;
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size);
    accept_.fd = listener.get();
    backend_->submit(accept_);
    turn_a_little();
    for (const int error : {ECONNABORTED, EPROTO, EPERM, EINTR, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
                            EOPNOTSUPP, ENETUNREACH}) {
        tell(accept_, -error);
        EXPECT_FALSE(accept_.over) << error;
        const weft::unique_fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&at), size), 0);
        turn_until([&] { return !accept_.results.empty(); });
        EXPECT_GE(accept_.results.front(), 0);
        ::close(accept_.results.front());
        accept_.results.clear();
    }
    backend_->cancel(accept_);
}

TEST_F(io_uring_that_is_told, of_one_bad_connection_after_another_says_so_in_the_end) {
    const weft::unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::listen(listener.get(), 5), 0);
    accept_.fd = listener.get();
    backend_->submit(accept_);
    turn_a_little();
    int told = 0;
    for (; told < 1000 && !accept_.over; ++told) tell(accept_, -EPERM);
    EXPECT_EQ(told, 64);
    EXPECT_EQ(accept_.results, std::deque{-EPERM});
}

TEST_F(io_uring_that_is_told, that_a_listener_is_of_no_use_says_so) {
    for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL}) {
        accepting accept;
        const weft::unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::listen(listener.get(), 5), 0);
        auto fresh = weft::make_io_uring_backend();
        std::swap(backend_, fresh);
        accept.fd = listener.get();
        backend_->submit(accept);
        turn_a_little();
        tell(accept, -error);
        EXPECT_TRUE(accept.over);
        EXPECT_EQ(accept.results, std::deque{-error});
        std::swap(backend_, fresh);
    }
}

}  // namespace
