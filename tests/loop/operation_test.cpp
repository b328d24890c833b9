// SPDX-License-Identifier: Apache-2.0
// The operations of pipes, messages and files, on the backend that WEFT_BACKEND names.
#include "loop/operation.hpp"

#include "io/operations.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <thread>

using namespace weft_test;

namespace {

/// A message operation that keeps its results.
template <class Operation>
struct kept_message : kept<Operation> {
    std::string room = std::string(64, '\0');
    std::span<std::byte> span() { return std::as_writable_bytes(std::span(room)); }
};

struct kept_file : weft::file_operation {
    explicit kept_file(weft::opcode c) : file_operation(c, completed) {}
    static void completed(weft::operation& op, const weft::completion& c) {
        static_cast<kept_file&>(op).result = c.result;
        static_cast<kept_file&>(op).over = true;
    }
    int result = 0;
    bool over = false;
};

class pipe_operations : public operations {
protected:
    pipe_operations() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
        read_end_.reset(ends[0]);
        write_end_.reset(ends[1]);
        receive_.is_pipe = send_.is_pipe = true;
    }
    ~pipe_operations() override {
        backend_->cancel(receive_);
        backend_->cancel(send_);
        if (read_end_) backend_->close(read_end_.release());
        if (write_end_) backend_->close(write_end_.release());
    }
    weft::unique_fd read_end_, write_end_;
    receiving receive_;
    sending send_;
};

TEST_F(pipe_operations, receive_brings_what_is_written_until_the_end) {
    submit(receive_, read_end_);
    ASSERT_EQ(::write(write_end_.get(), "one", 3), 3);
    turn_until([&] { return receive_.text.size() == 3; });
    ASSERT_EQ(::write(write_end_.get(), "two", 3), 3);
    write_end_.reset();
    turn_until([&] { return receive_.over; });
    EXPECT_EQ(receive_.text, "onetwo");
    EXPECT_EQ(receive_.results.back(), 0);
}

TEST_F(pipe_operations, send_writes_all_though_the_pipe_holds_less) {
    const std::string big(1 << 20, 'x');
    send_.bytes = bytes_of(big);
    submit(send_, write_end_);
    submit(receive_, read_end_);
    turn_until([&] { return send_.over && receive_.text.size() == big.size(); });
    EXPECT_EQ(send_.results.back(), static_cast<int>(big.size()));
    EXPECT_TRUE(receive_.text == big);
}

TEST_F(pipe_operations, a_broken_pipe_is_an_error_and_no_signal) {
    const std::string big(1 << 20, 'x');
    send_.bytes = bytes_of(big);
    submit(send_, write_end_);
    turn_a_little();
    EXPECT_FALSE(send_.over);
    read_end_.reset();
    turn_until([&] { return send_.over; });
    EXPECT_EQ(send_.results.back(), -EPIPE);
    EXPECT_EQ(backend_->try_write(write_end_.get(), bytes_of("x")), -EPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    EXPECT_FALSE(::sigismember(&pending, SIGPIPE));
}

TEST_F(pipe_operations, what_is_written_while_a_receive_is_paused_or_cancelled_stays_in_the_pipe) {
    submit(receive_, read_end_);
    turn_a_little();
    backend_->pause(receive_);
    turn_a_little();
    ASSERT_EQ(::write(write_end_.get(), "later", 5), 5);
    turn_a_little();
    EXPECT_EQ(receive_.text, "");
    backend_->resume(receive_);
    turn_until([&] { return receive_.text == "later"; });
    turn_a_little();
    backend_->cancel(receive_);
    turn_a_little();
    ASSERT_EQ(::write(write_end_.get(), "!", 1), 1);
    turn_a_little();
    char c = 0;
    EXPECT_EQ(::read(read_end_.get(), &c, 1), 1);
}

class message_operations : public operations {
protected:
    static weft::unique_fd bound_socket() {
        weft::unique_fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) std::abort();
        return fd;
    }
    void send_to(kept_message<weft::send_message_operation>& op, const weft::unique_fd& to, std::string text) {
        op.room = std::move(text);
        socklen_t size = sizeof op.address;
        ::getsockname(to.get(), reinterpret_cast<sockaddr*>(&op.address), &size);
        op.use(op.span(), size);
        submit(op, mine_);
    }
    ~message_operations() override {
        backend_->close(mine_.release());
        backend_->close(peer_.release());
    }
    weft::unique_fd mine_ = bound_socket(), peer_ = bound_socket();
};

TEST_F(message_operations, a_message_comes_whole_with_whom_it_is_from) {
    kept_message<weft::receive_message_operation> r;
    r.use(r.span(), sizeof r.address);
    submit(r, peer_);
    turn_a_little();
    EXPECT_FALSE(r.over);
    kept_message<weft::send_message_operation> s;
    send_to(s, peer_, "hello");
    turn_until([&] { return s.over && r.over; });
    EXPECT_EQ(s.results.back(), 5);
    EXPECT_EQ(r.results.back(), 5);
    EXPECT_EQ(r.room.substr(0, 5), "hello");
    sockaddr_in from{}, mine{};
    socklen_t size = sizeof mine;
    ::getsockname(mine_.get(), reinterpret_cast<sockaddr*>(&mine), &size);
    std::memcpy(&from, &r.address, sizeof from);
    EXPECT_EQ(from.sin_port, mine.sin_port);
}

TEST_F(message_operations, messages_that_have_come_together_are_received_one_by_one) {
    kept_message<weft::send_message_operation> s;
    for (const char* text : {"one", "two", ""}) {
        s.over = false;
        send_to(s, peer_, text);
        turn_until([&] { return s.over; });
    }
    for (const std::string text : {"one", "two", ""}) {
        kept_message<weft::receive_message_operation> r;
        r.use(r.span(), sizeof r.address);
        submit(r, peer_);
        turn_until([&] { return r.over; });
        EXPECT_EQ(r.results.back(), static_cast<int>(text.size()));
        EXPECT_EQ(r.room.substr(0, text.size()), text);
    }
}

TEST_F(message_operations, one_that_is_longer_than_its_room_says_how_long_it_was) {
    kept_message<weft::receive_message_operation> r;
    r.room = std::string(4, '\0');
    r.use(r.span(), sizeof r.address);
    submit(r, peer_);
    kept_message<weft::send_message_operation> s;
    send_to(s, peer_, "too long");
    turn_until([&] { return r.over; });
    EXPECT_EQ(r.results.back(), 8);
    EXPECT_TRUE(r.header.msg_flags & MSG_TRUNC);
    EXPECT_EQ(r.room, "too ");
}

TEST_F(message_operations, a_receive_that_is_cancelled_uses_its_memory_no_more) {
    auto r = std::make_unique<kept_message<weft::receive_message_operation>>();
    r->use(r->span(), sizeof r->address);
    submit(*r, peer_);
    turn_a_little();
    backend_->cancel(*r);
    r.reset();
    kept_message<weft::send_message_operation> s;
    send_to(s, peer_, "late");
    turn_until([&] { return s.over; });
    char text[8];
    turn_a_little();
    EXPECT_EQ(::recv(peer_.get(), text, sizeof text, 0), 4);
}

TEST_F(operations, writable_waits_until_a_full_socket_has_room) {
    auto [mine, peer] = connect_sockets();
    make_nonblocking(mine);
    kept<weft::writable_operation> w;
    submit(w, mine);
    turn_until([&] { return w.over; });
    const std::string much(1 << 20, 'x');
    while (::send(mine.get(), much.data(), much.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
    }
    w.over = false;
    submit(w, mine);
    turn_a_little();
    EXPECT_FALSE(w.over);
    std::string drained(8 << 20, '\0');
    while (!w.over) {
        if (::recv(peer.get(), drained.data(), drained.size(), MSG_DONTWAIT) < 0) turn_a_little();
        turn_a_little();
    }
    backend_->close(mine.release());
}

class file_operations : public operations {
protected:
    file_operations() {
        std::string name = (std::filesystem::temp_directory_path() / "weft-operation-XXXXXX").string();
        const weft::unique_fd made(::mkstemp(name.data()));
        path_ = name;
    }
    ~file_operations() override { std::filesystem::remove(path_); }

    /// As a file does it: on the backend where that carries files, else by perform().
    int call(kept_file& op) {
        if (!backend_->carries_files()) return perform(op);
        backend_->submit(op);
        turn_until([&] { return op.over; });
        return op.result;
    }
    std::string path_;
};

TEST_F(file_operations, open_write_read_sync_and_stat) {
    kept_file open(weft::opcode::open);
    open.path = path_.c_str();
    open.flags = O_RDWR;
    const weft::unique_fd fd(call(open));
    ASSERT_TRUE(fd);
    EXPECT_TRUE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC);

    std::string text = "hello file";
    kept_file write(weft::opcode::write_at);
    write.fd = fd.get();
    write.bytes = std::as_writable_bytes(std::span(text));
    write.offset = 2;
    EXPECT_EQ(call(write), 10);

    kept_file sync(weft::opcode::sync);
    sync.fd = fd.get();
    EXPECT_EQ(call(sync), 0);

    struct statx status{};
    kept_file stat(weft::opcode::stat);
    stat.fd = fd.get();
    stat.status = &status;
    EXPECT_EQ(call(stat), 0);
    EXPECT_EQ(status.stx_size, 12u);

    std::string back(20, '?');
    kept_file read(weft::opcode::read_at);
    read.fd = fd.get();
    read.bytes = std::as_writable_bytes(std::span(back));
    read.offset = 0;
    EXPECT_EQ(call(read), 12);
    EXPECT_EQ(back.substr(2, 10), text);
    kept_file next(weft::opcode::read_at);  // at the descriptor's own position
    next.fd = fd.get();
    next.bytes = read.bytes;
    next.offset = -1;
    EXPECT_EQ(call(next), 12);
}

TEST_F(file_operations, what_fails_says_why) {
    kept_file open(weft::opcode::open);
    const std::string none = path_ + "-none";
    open.path = none.c_str();
    EXPECT_EQ(call(open), -ENOENT);
    kept_file sync(weft::opcode::sync);
    sync.fd = 1 << 20;
    EXPECT_EQ(call(sync), -EBADF);
}

TEST_F(file_operations, an_open_that_is_cancelled_leaves_no_descriptor) {
    if (!backend_->carries_files()) GTEST_SKIP() << "epoll carries no files";
    const auto before = open_descriptors();
    for (int turns = 0; turns < 3; ++turns) {
        kept_file open(weft::opcode::open);
        open.path = path_.c_str();
        backend_->submit(open);
        for (int i = 0; i < turns; ++i) backend_->wait(0);
        backend_->cancel(open);
        turn_a_little();
        EXPECT_FALSE(open.over);
        EXPECT_EQ(open_descriptors(), before);
    }
}

}  // namespace
