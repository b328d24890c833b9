// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of what is done with a child: somebody is told, no child and no descriptor is left.
#include "process/children.hpp"
#include "without_memory.hpp"

#include <weft/process/subprocess_protocol.hpp>

#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

void expect_no_child() {
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1) << "a zombie, or a child that runs";
}

TEST(a_process, without_memory_is_talked_to_or_somebody_is_told) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        auto p = co_await weft::run_shell("cat; echo err >&2; exit 3",
                                          {.stdin_ = weft::pipe, .stdout_ = weft::pipe, .stderr_ = weft::pipe});
        const std::string input(200'000, 'x');
        const auto [out, err] = co_await p.communicate(input);
        EXPECT_TRUE(out == input);
        EXPECT_EQ(err, "err\n");
        const auto status = co_await to_task(p.wait());
        EXPECT_EQ(status.code(), 3);
    });
    EXPECT_GT(allocations_made, 20u);
    expect_no_child();
}

/// Keeps what the child writes.
struct listening : weft::subprocess_protocol {
    void connection_made(weft::subprocess_transport t) override { transport = std::move(t); }
    void pipe_data_received(int, std::span<const std::byte> data) override { text += weft::as_text(data); }
    void pipe_connection_lost(int, std::exception_ptr error) override { note(error); }
    void connection_lost(std::exception_ptr error) override { note(error); }
    void note(const std::exception_ptr& error) {
        expect_want_of_memory(error);
        if (error) was_told = true;
    }
    weft::subprocess_transport transport;
    std::string text;
    bool was_told = false;
};

TEST(subprocess_exec, without_memory_tells_what_the_child_writes_or_says_so) {
    const std::size_t allocations_made = fail_each_allocation([]() -> weft::task<> {
        const auto make = [] { return std::make_shared<listening>(); };
        auto made = co_await weft::subprocess_exec(make, {"cat"});
        made.transport.get_pipe_transport(0).write("through");
        made.transport.get_pipe_transport(0).close();
        co_await made.transport.wait_closed();
        if (made.protocol->text != "through") {
            EXPECT_TRUE(made.protocol->was_told);
            throw std::bad_alloc();
        }
    });
    EXPECT_GT(allocations_made, 20u);
    expect_no_child();
}

#endif

}  // namespace
