// SPDX-License-Identifier: Apache-2.0
// Whatever the kernel refuses, in whichever place of a conversation: somebody is told, everybody goes on, nothing is left.
#include "io/run_with_faults.hpp"

#include <array>
#include <set>
#include <string>
#include <vector>

using namespace weft_test;

namespace {

/// A client and a server talk, while another client is connected and must not notice.
class conversation {
public:
    struct outcome {
        bool complete = false;  // the client has had every answer
        std::vector<int> errors;  // what client and server were told
        std::size_t operations = 0;
        std::size_t received = 0;
    };

    /// @param number  which of the conversation's operations has the fate; none beyond the last
    static outcome run_with(std::size_t number, fate f) {
        return conversation(200'000,
                            [&](faulty_backend& b, std::size_t& count) {
                                b.decide = [&count, number, f](weft::opcode code, weft::native_handle) {
                                    return code != weft::opcode::accept && count++ == number ? f : fate();
                                };
                            })
            .out_;
    }
    static outcome run_until_reset(std::optional<std::size_t> bytes, std::size_t at_a_time) {
        // Byte by byte a large message takes its time, and there is nothing in its middle.
        return conversation(at_a_time < 100 ? 2'000 : 200'000,
                            [&](faulty_backend& b, std::size_t&) {
                                b.most_bytes = at_a_time;
                                b.reset_after = bytes;
                                b.received = 0;
                            })
            .out_;
    }

private:
    template <class Arm>
    conversation(std::size_t large, Arm arm) : large_(large) {
        run_with_faults([&](faulty_backend& faults) { return main(faults, arm); },
                        [this](const std::exception_ptr& error) { note(error); });
    }

    template <class Arm>
    weft::task<> main(faulty_backend& faults, Arm& arm) {
        auto server = co_await weft::start_server(serve, "127.0.0.1", 0);
        auto bystander = co_await weft::open_connection("127.0.0.1", server.port());
        co_await bystander.write("hello\n");
        EXPECT_EQ(co_await bystander.read_line(), "hello");

        // From here on, but not for whom is connected already.
        std::size_t count = 0;
        std::set<weft::native_handle> spared;
        faults.for_each_submitted([&](const weft::operation& op) { spared.insert(op.fd); });
        arm(faults, count);
        faults.resets = [spared](weft::native_handle fd) { return !spared.contains(fd); };
        faults.decide = [decide = faults.decide, spared](weft::opcode code, weft::native_handle fd) {
            return spared.contains(fd) ? fate() : decide(code, fd);
        };
        try {
            co_await talk(server.port());
            out_.complete = true;
        } catch (...) {
            note(std::current_exception());
        }
        co_await settle();
        out_.operations = count;
        out_.received = faults.received;
        faults.decide = [](weft::opcode, weft::native_handle) { return fate(); };
        faults.reset_after.reset();

        co_await bystander.write("still here?\n");
        EXPECT_EQ(co_await bystander.read_line(), "still here?");
        auto newcomer = co_await weft::open_connection("127.0.0.1", server.port());
        co_await newcomer.write("me too\n");
        EXPECT_EQ(co_await newcomer.read_line(), "me too");
        server.close();
        co_await bystander.close();
        co_await newcomer.close();
        co_await server.wait_closed();
    }

    static weft::task<> serve(weft::stream s) {
        while (const auto line = co_await s.read_line()) {
            if (line->starts_with("large ")) {
                co_await s.write(co_await s.read_exactly(std::stoul(line->substr(6))));
                co_await s.write_eof();
            } else {
                co_await s.write(*line + "\n");
            }
        }
        co_await s.close();
    }

    /// Not so where the server has been told of an error, and has closed.
    static void require(bool answered) {
        if (!answered) throw std::runtime_error("no answer, or a wrong one");
    }

    weft::task<> talk(std::uint16_t port) {
        auto s = co_await weft::open_connection("127.0.0.1", port);
        co_await s.write("one\n");
        require(co_await s.read_line() == "one");
        const std::array<std::span<const std::byte>, 2> pieces = {std::as_bytes(std::span("tw", 2)),
                                                                  std::as_bytes(std::span("o\n", 2))};
        co_await s.write(pieces);
        require(co_await s.read_until("\n") == "two\n");
        const std::string much(large_, 'x');
        co_await s.write("large " + std::to_string(large_) + "\n" + much);
        co_await s.write_eof();
        require(co_await s.read_all() == much);
        co_await s.close();
    }

    void note(const std::exception_ptr& error) {
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const std::system_error& e) {
            out_.errors.push_back(e.code().value());
        } catch (const std::runtime_error&) {  // the other side was told
        }
    }

    std::size_t large_;
    outcome out_;
};

constexpr int every_errno[] = {ECONNRESET,  EPIPE,        ETIMEDOUT,     ENOMEM, ENOBUFS,  EHOSTUNREACH,
                               ENETUNREACH, ECONNREFUSED, EADDRNOTAVAIL, EACCES, ENETDOWN, EHOSTDOWN,
                               EPERM,       EPROTO,       EINVAL,        EIO,    ENOTCONN, ECONNABORTED};

TEST(a_conversation, is_complete_without_faults) {
    const auto whole = conversation::run_with(~std::size_t{0}, {});
    EXPECT_TRUE(whole.complete);
    EXPECT_TRUE(whole.errors.empty());
    EXPECT_GE(whole.operations, 10u);
}

TEST(a_conversation, in_which_any_operation_fails_tells_somebody) {
    const std::size_t operations = conversation::run_with(~std::size_t{0}, {}).operations;
    for (const int error : every_errno) {
        for (std::size_t i = 0; i < operations; ++i) {
            for (const bool at_submit : {false, true}) {
                SCOPED_TRACE(testing::Message() << "operation " << i << (at_submit ? " submitted: " : ": ") << error);
                const auto got = conversation::run_with(i, {error, at_submit});
                const bool told = std::ranges::find(got.errors, error) != got.errors.end();
                EXPECT_TRUE(told || got.complete);
                if (testing::Test::HasFailure()) return;
            }
        }
    }
}

TEST(a_conversation, in_pieces_of_any_size_is_the_same) {
    for (const std::size_t size : {1u, 2u, 3u, 5u, 100u, 4095u, 4097u, 70'000u}) {
        SCOPED_TRACE(size);
        const auto got = conversation::run_until_reset(std::nullopt, size);
        EXPECT_TRUE(got.complete);
        EXPECT_TRUE(got.errors.empty());
    }
}

TEST(a_conversation, that_is_reset_after_any_byte_tells_somebody) {
    const std::size_t first_words = 40;  // each offset here, and some in the large part
    std::vector<std::size_t> offsets;
    for (std::size_t i = 0; i <= first_words; ++i) offsets.push_back(i);
    for (std::size_t i = first_words + 1; i < 400'000; i += 7'919) offsets.push_back(i);
    for (const std::size_t at_a_time : {std::size_t{7}, ~std::size_t{0}}) {
        for (const std::size_t offset : offsets) {
            if (at_a_time == 7 && offset > first_words) continue;
            SCOPED_TRACE(testing::Message() << "after " << offset << " bytes, " << at_a_time << " at a time");
            const auto got = conversation::run_until_reset(offset, at_a_time);
            EXPECT_FALSE(got.complete);
            EXPECT_NE(std::ranges::find(got.errors, ECONNRESET), got.errors.end());
            if (testing::Test::HasFailure()) return;
        }
    }
}

}  // namespace
