// SPDX-License-Identifier: Apache-2.0
// Whatever the kernel says where a file is sent, by a stream or a transport: who sends is told so, what can be sent in
// another way is, nothing is left.
#include "failing_calls.hpp"
#include "io/connect_either.hpp"
#include "io/recorder.hpp"
#include "io/run_with_faults.hpp"
#include "io/temporary_file.hpp"

#include <weft/io/connect_protocol.hpp>

using namespace weft_test;
using testing::HasSubstr;

namespace {

constexpr std::size_t large = 5 << 20;  // more than sendfile(2) is asked for at once

/// What has become of it.
struct outcome {
    std::uint64_t sent = 0;
    int error = 0;
    std::string said;
    bool is_broken = false;  // what sends: it can send nothing else
    std::string received;  // by the peer, if only up to a reset
};

class sending_a_file : public testing::TestWithParam<bool> {
protected:
    static bool by_transport() { return GetParam(); }

    /// Sends all of `file`, followed by "!" if that is possible, to a peer that reads.
    /// @param arm  is told that sending begins
    template <class Arm>
    static outcome send(const temporary_file& file, bool to_socket, Arm arm) {
        outcome out;
        run_with_faults([&](faulty_backend& faults) { return send_in(faults, out, file, to_socket, arm); });
        return out;
    }
    static outcome send(const temporary_file& file, bool to_socket = true) {
        return send(file, to_socket, [](faulty_backend&) {});
    }

private:
    template <class Arm>
    static weft::task<> send_in(faulty_backend& faults, outcome& out, const temporary_file& file, bool to_socket,
                                Arm& arm) {
        connected ends = co_await connect_either(to_socket);
        diary log;
        weft::transport transport;
        if (by_transport())
            transport = co_await weft::connect_protocol(std::move(ends.server), std::make_shared<recorder>(log));
        auto receiving = weft::create_task(receive(ends.client, out));
        co_await turn();
        arm(faults);
        try {
            auto sending = by_transport() ? transport.send_file(file.fd.get()) : ends.server.send_file(file.fd.get());
            out.sent = co_await std::move(sending);
        } catch (const std::system_error& e) {
            out.error = e.code().value();
            out.said = e.what();
            out.is_broken = is_broken(ends.server, transport);
        }
        faults.decide = [](weft::opcode, weft::native_handle) { return fate(); };
        co_await finish(ends.server, transport, out.is_broken);
        co_await receiving;
        co_await settle();
        if (by_transport()) {
            EXPECT_THAT(log.text, testing::EndsWith(out.is_broken ? "lost:" + std::to_string(out.error) : "lost"));
        }
    }
    static bool is_broken(weft::stream& s, const weft::transport& t) {
        if (by_transport()) return t.is_closing();
        try {
            s.try_write("");
        } catch (const std::system_error&) {
            return true;
        }
        return false;
    }
    static weft::task<> finish(weft::stream& s, weft::transport& t, bool is_broken) {
        if (by_transport()) {
            if (!is_broken) t.write("!");
            t.close();
            co_await t.wait_closed();
        } else if (is_broken) {
            EXPECT_THROW(co_await s.write("!"), std::system_error);
            s.abort();
        } else {
            co_await s.write("!");
            co_await s.close();
        }
    }
    static weft::task<> receive(weft::stream& from, outcome& out) {
        try {
            for (std::string more = "?"; !more.empty(); out.received += more) more = co_await from.read(64 * 1024);
        } catch (const std::system_error&) {  // a reset
        }
    }
};

void expect_all(const outcome& got, const temporary_file& file) {
    EXPECT_EQ(got.error, 0) << got.said;
    EXPECT_EQ(got.sent, file.text.size());
    EXPECT_TRUE(got.received == file.text + "!");
}

/// A part of it may have come; not what would follow it.
void expect_told(const outcome& got, const temporary_file& file, int error) {
    EXPECT_EQ(got.error, error);
    EXPECT_TRUE(got.is_broken);
    EXPECT_THAT(got.said, HasSubstr("send_file to "));
    EXPECT_LT(got.received.size(), file.text.size());
    EXPECT_TRUE(file.text.starts_with(got.received));
}

/// Nothing of it has come, but what follows it.
void expect_only_told(const outcome& got, int error) {
    EXPECT_EQ(got.error, error);
    EXPECT_FALSE(got.is_broken);
    EXPECT_THAT(got.said, HasSubstr("send_file to "));
    EXPECT_EQ(got.received, "!");
}

TEST_P(sending_a_file, tells_whatever_sendfile_says_at_first_or_later) {
    const temporary_file file(large);
    for (const int after : {0, 1}) {
        for (const int error : {EIO, ENOMEM, EBADF, ENOTCONN, EPIPE, ECONNRESET, EOVERFLOW, ESPIPE, ETIMEDOUT, EPERM}) {
            SCOPED_TRACE(testing::Message() << "errno " << error << " after " << after);
            const bool is_the_connections =
                error == ENOTCONN || error == EPIPE || error == ECONNRESET || error == ETIMEDOUT;
            const failing_calls failing(system_call::sendfile, {.error = error, .after = after});
            if (after > 0 || is_the_connections) {
                expect_told(send(file), file, error);
            } else {
                expect_only_told(send(file), error);
            }
            EXPECT_EQ(failing.failed(), 1);
        }
    }
}

TEST_P(sending_a_file, goes_on_where_sendfile_was_interrupted_or_found_no_room) {
    const temporary_file file(large);
    for (const int error : {EINTR, EAGAIN}) {
        for (const int after : {0, 1}) {
            const failing_calls failing(system_call::sendfile, {.error = error, .times = 3, .after = after});
            expect_all(send(file), file);
            EXPECT_EQ(failing.failed(), 3);
        }
    }
}

// As sendfile(2) advises: the file is of a kind that it cannot send, some of /proc.
TEST_P(sending_a_file, that_sendfile_cannot_send_reads_it_and_sends_that) {
    const temporary_file file(large);
    for (const int error : {EINVAL, ENOSYS}) {
        const failing_calls failing(system_call::sendfile, {.error = error});
        expect_all(send(file), file);
        EXPECT_EQ(failing.failed(), 1);
    }
    // Not where it could send the beginning.
    const failing_calls failing(system_call::sendfile, {.error = EINVAL, .after = 1});
    expect_told(send(file), file, EINVAL);
}

TEST_P(sending_a_file, tells_whatever_reading_it_says_at_first_or_later) {
    const temporary_file file(large);
    for (const int after : {0, 1}) {
        for (const int error : {EIO, ENOMEM, EBADF, EISDIR, EOVERFLOW, ESTALE, EAGAIN}) {
            SCOPED_TRACE(testing::Message() << "errno " << error << " after " << after);
            const failing_calls failing(system_call::pread, {.error = error, .after = after});
            const outcome got = send(file, false);
            if (after > 0) {
                expect_told(got, file, error);
                EXPECT_EQ(got.received.size(), std::size_t{64 * 1024});
            } else {
                expect_only_told(got, error);
            }
            EXPECT_EQ(failing.failed(), 1);
        }
    }
    const failing_calls failing(system_call::pread, {.error = EINTR, .times = 3, .after = 1});
    expect_all(send(file, false), file);
    EXPECT_EQ(failing.failed(), 3);
}

TEST_P(sending_a_file, tells_whatever_waiting_for_room_says) {
    const temporary_file file(large);
    const failing_calls failing(system_call::sendfile, {.error = EAGAIN, .times = 1'000'000});  // there is never room
    for (const bool at_submit : {false, true}) {
        for (const int error : {ENOMEM, ENOSPC, EBADF, EPERM, EBUSY, EINVAL}) {
            SCOPED_TRACE(testing::Message() << "errno " << error << (at_submit ? " submitted" : ""));
            const outcome got = send(file, true, [&](faulty_backend& faults) {
                faults.decide = [=](weft::opcode code, weft::native_handle) {
                    return code == weft::opcode::writable ? fate{error, at_submit} : fate();
                };
            });
            expect_only_told(got, error);
        }
    }
}

/// It needs one of the file, without which it does not begin, and one of the socket.
TEST_P(sending_a_file, without_descriptors_says_so) {
    const temporary_file file(1000);
    for (const std::size_t left : {0, 1}) {
        std::optional<few_descriptors> few;
        const outcome got = send(file, true, [&](faulty_backend&) { few.emplace(left); });
        few.reset();
        EXPECT_EQ(got.error, EMFILE);
        EXPECT_FALSE(got.is_broken);
        EXPECT_EQ(got.received, "!");
    }
}

INSTANTIATE_TEST_SUITE_P(by, sending_a_file, testing::Bool(),
                         [](const auto& by) { return by.param ? "transport" : "stream"; });

}  // namespace
