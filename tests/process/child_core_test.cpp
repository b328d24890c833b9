// SPDX-License-Identifier: Apache-2.0
// What becomes of a child when the kernel cannot watch it at first.
#include "process/children.hpp"
#include "testing/backend_decorator.hpp"
#include "testing/virtual_backend.hpp"

#include <csignal>

using namespace weft_test;

namespace {

/// Refuses to watch descriptors as often as it is told, in one way or the other, and is the real backend otherwise.
class refusing_backend final : public weft::backend_decorator {
public:
    enum class way { throws, runs_out_of_memory, completes };
    refusing_backend(way w, int times) : backend_decorator(weft::make_backend()), way_(w), times_(times) {}

    void submit(weft::operation& op) override {
        if (op.code != weft::opcode::poll || times_ == 0) return real_->submit(op);
        --times_;
        if (way_ == way::throws) throw std::system_error(ENOSPC, std::generic_category(), "epoll_ctl");
        if (way_ == way::runs_out_of_memory) throw std::bad_alloc();
        op.slot = 0;
        failing_ = &op;
    }
    void cancel(weft::operation& op) noexcept override {
        if (failing_ != &op) return real_->cancel(op);
        failing_ = nullptr;
        op.slot = weft::operation::no_slot;
    }
    bool wait(weft::nanos deadline) override { return real_->wait(failing_ ? 0 : deadline); }
    void dispatch() override {
        real_->dispatch();
        if (weft::operation* const op = std::exchange(failing_, nullptr)) {
            op->slot = weft::operation::no_slot;
            op->on_complete(*op, {-ENOMEM, true});
        }
    }
    bool has_happened() const noexcept override { return failing_ || real_->has_happened(); }

private:
    way way_;
    int times_;
    weft::operation* failing_ = nullptr;
};

class child_that_cannot_be_watched : public testing::TestWithParam<refusing_backend::way> {};

TEST_P(child_that_cannot_be_watched, is_tried_again_until_it_can) {
    const auto before = open_descriptors();
    {
        weft::event_loop loop(
            std::make_unique<weft::virtual_backend>(std::make_unique<refusing_backend>(GetParam(), 3)));
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
        weft::event_loop loop(std::make_unique<refusing_backend>(GetParam(), 1000));
        loop.run_until_complete(
            [](int& of) -> weft::task<> { of = (co_await weft::spawn_process(blocked)).pid(); }(pid));
    }
    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

INSTANTIATE_TEST_SUITE_P(each_way, child_that_cannot_be_watched,
                         testing::Values(refusing_backend::way::throws, refusing_backend::way::runs_out_of_memory,
                                         refusing_backend::way::completes));

}  // namespace
