// SPDX-License-Identifier: Apache-2.0
// Descriptors that add_reader() or add_writer() watches when they are given to a stream.
#include "io/connected.hpp"

#include <weft/io/pipe.hpp>

using namespace weft_test;

namespace {

TEST(pipe, refuses_a_descriptor_that_is_watched) {
    run([]() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        const auto refusal = [](auto connect, weft::unique_fd fd) -> std::string {
            try {
                connect(std::move(fd));
            } catch (const weft::invalid_state_error& e) {
                return e.what();
            }
            return "";
        };
        const auto for_reading = [](weft::unique_fd fd) { weft::connect_read_pipe(std::move(fd)); };
        const auto for_writing = [](weft::unique_fd fd) { weft::connect_write_pipe(std::move(fd)); };
        auto [read_end, write_end] = weft::make_pipe();
        const int reads = read_end.get(), writes = write_end.get();
        loop.add_reader(reads, [] { ADD_FAILURE(); });
        loop.add_writer(writes, [] {});
        co_await weft::yield_now();
        const std::string why = " first, or two would take each other's events (it is closed, and watched no more)";
        EXPECT_EQ(refusal(for_reading, std::move(read_end)),
                  "connect_read_pipe: descriptor " + std::to_string(reads) + " is watched: remove_reader()" + why);
        EXPECT_EQ(refusal(for_writing, std::move(write_end)),
                  "connect_write_pipe: descriptor " + std::to_string(writes) + " is watched: remove_writer()" + why);
        EXPECT_FALSE(loop.remove_reader(reads));
        EXPECT_FALSE(loop.remove_writer(writes));
        auto again = weft::make_pipe();  // the numbers are others' now, whom nobody watches
        EXPECT_EQ(again.read_end.get(), reads);
        EXPECT_EQ(::write(again.write_end.get(), "a ", 2), 2);
        for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        weft::stream reader = weft::connect_read_pipe(std::move(again.read_end));
        EXPECT_EQ(::write(again.write_end.get(), "line\n", 5), 5);
        EXPECT_EQ(co_await reader.read_line(), "a line");
    });
}

}  // namespace
