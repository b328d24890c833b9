// SPDX-License-Identifier: Apache-2.0
// What a stream over a pipe does when the kernel says no.
#include "io/pipe_layer.hpp"

#include "io/faulty_backend.hpp"
#include "io/operations.hpp"
#include "testing/virtual_backend.hpp"

#include <weft/io/pipe.hpp>

using namespace weft_test;

namespace {

/// Runs `main()` on a backend that `prepare` has spoilt.
template <class Prepare, class F>
void run_on(Prepare prepare, F main) {
    const auto before = open_descriptors();
    {
        auto b = std::make_unique<faulty_backend>(weft::make_backend());
        prepare(*b);
        weft::event_loop loop(std::make_unique<weft::virtual_backend>(std::move(b)));
        loop.run_until_complete(main());
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(pipe_layer, a_receive_that_fails_is_an_error_of_the_read) {
    for (const bool at_submit : {false, true}) {
        for (const int error : {EIO, ENOMEM, EINVAL}) {
            run_on(
                [&](faulty_backend& b) {
                    b.decide = [=](weft::opcode c, weft::native_handle) {
                        return c == weft::opcode::receive ? fate{.error = error, .at_submit = at_submit} : fate();
                    };
                },
                [error]() -> weft::task<> {
                    auto [reader, writer] = weft::open_pipe();
                    try {
                        co_await reader.read(1);
                        ADD_FAILURE();
                    } catch (const std::system_error& e) {
                        EXPECT_EQ(e.code().value(), error);
                    }
                });
        }
    }
}

TEST(pipe_layer, a_send_that_fails_is_an_error_of_the_write) {
    for (const bool at_submit : {false, true}) {
        for (const int error : {EIO, ENOMEM, ENOSPC}) {
            run_on(
                [&](faulty_backend& b) {
                    b.decide = [=](weft::opcode c, weft::native_handle) {
                        return c == weft::opcode::send ? fate{.error = error, .at_submit = at_submit} : fate();
                    };
                },
                [error]() -> weft::task<> {
                    auto [reader, writer] = weft::open_pipe();
                    try {
                        co_await writer.write(std::string(1 << 20, 'x'));  // more than a pipe holds
                        ADD_FAILURE();
                    } catch (const std::system_error& e) {
                        EXPECT_EQ(e.code().value(), error);
                    }
                    EXPECT_THROW(static_cast<void>(writer.write("x")), std::system_error);
                });
        }
    }
}

TEST(pipe_layer, short_reads_and_writes_lose_nothing) {
    for (const std::size_t most : {1, 3, 1000}) {
        run_on([&](faulty_backend& b) { b.most_bytes = most; },
               [most]() -> weft::task<> {
                   auto [reader, writer] = weft::open_pipe();
                   std::string text;
                   for (int i = 0; text.size() < most * 100'000; ++i) text += std::to_string(i);
                   static_cast<void>(writer.write(text));
                   writer.close();
                   EXPECT_TRUE(co_await reader.read_all() == text);
               });
    }
}

TEST(pipe_layer, a_pipe_that_breaks_at_any_byte_is_an_error_after_what_came) {
    for (std::size_t after = 0; after < 8; ++after) {
        run_on([&](faulty_backend& b) { b.reset_after = after; },
               [after]() -> weft::task<> {
                   auto [reader, writer] = weft::open_pipe();
                   co_await writer.write("12345678");
                   if (after > 0) {
                       EXPECT_EQ(co_await reader.read_exactly(after), std::string("12345678").substr(0, after));
                   }
                   EXPECT_THROW(co_await reader.read_exactly(1), std::system_error);
               });
    }
}

}  // namespace
