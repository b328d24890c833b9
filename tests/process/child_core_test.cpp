// SPDX-License-Identifier: Apache-2.0
// What becomes of a child when the kernel cannot watch it at first.
#include "io/faulty_backend.hpp"
#include "process/children.hpp"
#include "testing/virtual_backend.hpp"

#include <csignal>

using namespace weft_test;

namespace {

/// Whether watching a descriptor is refused at once, or fails later.
class child_that_cannot_be_watched : public testing::TestWithParam<bool> {
protected:
    /// A backend that refuses the first `times` polls.
    static std::unique_ptr<weft::backend> make_backend(int times) {
        auto b = std::make_unique<faulty_backend>(weft::make_backend());
        b->decide = [left = times](weft::opcode c, weft::native_handle) mutable {
            return c == weft::opcode::poll && left-- > 0 ? fate{.error = ENOMEM, .at_submit = GetParam()} : fate();
        };
        return b;
    }
};

TEST_P(child_that_cannot_be_watched, is_tried_again_until_it_can) {
    const auto before = open_descriptors();
    {
        weft::event_loop loop(std::make_unique<weft::virtual_backend>(make_backend(3)));
        loop.run_until_complete([]() -> weft::task<> {
            const auto began = weft::get_running_loop().time();
            auto p = co_await weft::spawn_process({"sh", "-c", "exit 3"});
            EXPECT_EQ((co_await p.wait()).code(), 3);
            EXPECT_GE(weft::get_running_loop().time() - began, std::chrono::milliseconds(100));
        }());
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_P(child_that_cannot_be_watched, is_killed_and_reaped_with_its_loop) {
    int pid = 0;
    {
        weft::event_loop loop(make_backend(1000));
        loop.run_until_complete(
            [](int& of) -> weft::task<> { of = (co_await weft::spawn_process(blocked)).pid(); }(pid));
    }
    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(communicate, a_few_bytes_at_a_time_loses_none) {
    for (const std::size_t most : {1, 7, 4096}) {
        auto b = std::make_unique<faulty_backend>(weft::make_backend());
        b->most_bytes = most;
        weft::event_loop loop(std::move(b));
        loop.run_until_complete([](std::size_t size) -> weft::task<> {
            std::string text;
            for (int i = 0; text.size() < size; ++i) text += std::to_string(i) + "\n";
            auto p = co_await weft::run_shell("tee /dev/stderr",
                                              {.stdin_ = weft::pipe, .stdout_ = weft::pipe, .stderr_ = weft::pipe});
            auto [out, err] = co_await p.communicate(text);
            EXPECT_TRUE(out == text);
            EXPECT_TRUE(err == text);
        }(most * 5'000));
    }
}

TEST(communicate, an_output_that_cannot_be_read_is_an_error_and_the_child_can_be_ended) {
    const auto before = open_descriptors();
    for (const bool at_submit : {false, true}) {
        auto b = std::make_unique<faulty_backend>(weft::make_backend());
        b->decide = [at_submit, left = 1](weft::opcode c, weft::native_handle) mutable {
            return c == weft::opcode::receive && left-- > 0 ? fate{.error = ENOMEM, .at_submit = at_submit} : fate();
        };
        weft::event_loop loop(std::move(b));
        loop.run_until_complete([]() -> weft::task<> {
            auto p = co_await weft::spawn_process(blocked, {.stdout_ = weft::pipe, .stderr_ = weft::pipe});
            EXPECT_THROW(co_await p.communicate(), std::system_error);
            p.kill();
            EXPECT_EQ((co_await p.wait()).signal(), SIGKILL);
            EXPECT_EQ(co_await p.stderr_.read_all(), "");  // nobody is left behind at it
        }());
    }
    EXPECT_EQ(open_descriptors(), before);
}

INSTANTIATE_TEST_SUITE_P(each_way, child_that_cannot_be_watched, testing::Bool());

}  // namespace
