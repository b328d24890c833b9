// SPDX-License-Identifier: Apache-2.0
// Readers and signals, when there is no room to go on watching in.
#include "loop/lasting_poll.hpp"

#include "io/faulty_backend.hpp"
#include "io/operations.hpp"

#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <new>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;

namespace {

/// Time passes when nothing else is to be done. (A virtual clock waits for descriptors that may be anybody's.)
class hand_clock final : public weft::backend_decorator {
public:
    explicit hand_clock(std::unique_ptr<backend> real) : backend_decorator(std::move(real)) {}
    bool wait(weft::nanos deadline) override {
        real_->wait(0);
        if (!real_->has_happened() && deadline != weft::never) now_ = std::max(now_, deadline);
        return true;
    }
    weft::nanos now() const noexcept override { return now_; }

private:
    weft::nanos now_ = 0;
};

/// A loop whose polls, from the second on, are refused for a while.
struct lasting_poll : testing::Test {
    enum class refusal { at_submit, without_memory, later };

    void SetUp() override {
        auto faulty = std::make_unique<faulty_backend>(weft::make_backend());
        faulty->decide = [this](weft::opcode c, weft::native_handle) -> fate {
            if (c != weft::opcode::poll || ++polls < 2 || refusals == 0) return {};
            --refusals;
            if (how == refusal::without_memory) throw std::bad_alloc();
            return {.error = error, .at_submit = how == refusal::at_submit};
        };
        loop = std::make_unique<weft::event_loop>(std::make_unique<hand_clock>(std::move(faulty)));
        loop->set_exception_handler([this](weft::event_loop&, const weft::error_context& e) {
            reported.push_back(e);
            if (on_report) on_report();
        });
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        near.reset(ends[0]);
        far.reset(ends[1]);
    }
    void TearDown() override { std::signal(SIGUSR1, SIG_DFL); }

    void add_reader() {
        began = loop->time();
        loop->add_reader(near.get(), [this] {
            char c = 0;
            got += ::read(near.get(), &c, 1) == 1 ? c : '-';
            last = loop->time();
        });
    }
    void feed(std::string_view text) const {
        ASSERT_EQ(::send(far.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    }
    void let_pass(std::chrono::seconds time) {
        loop->run_until_complete([](auto t) -> weft::task<> { co_await weft::sleep(t); }(time));
    }

    refusal how = refusal::at_submit;
    int error = ENOMEM, polls = 0, refusals = 3;
    std::unique_ptr<weft::event_loop> loop;
    weft::unique_fd near, far;
    std::string got;
    weft::clock::time_point began, last;
    std::vector<weft::error_context> reported;
    std::function<void()> on_report;
};

TEST_F(lasting_poll, that_is_refused_says_so_once_and_goes_on_later) {
    for (const refusal each : {refusal::at_submit, refusal::without_memory, refusal::later}) {
        how = each;
        polls = 0;
        refusals = 3;
        got.clear();
        reported.clear();
        add_reader();
        feed("ab");
        let_pass(1s);
        EXPECT_EQ(got, "ab");
        EXPECT_EQ(last - began, 300ms);
        ASSERT_EQ(reported.size(), 1u);
        EXPECT_EQ(reported[0].message,
                  "cannot watch descriptor " + std::to_string(near.get()) + " for now: trying again every 100 ms");
        EXPECT_TRUE(reported[0].exception);
        loop->remove_reader(near.get());
    }
}

TEST_F(lasting_poll, that_is_refused_for_good_says_so) {
    error = EBADF;
    add_reader();
    feed("ab");
    let_pass(1s);
    EXPECT_EQ(got, "a");
    ASSERT_EQ(reported.size(), 1u);
    EXPECT_EQ(reported[0].message, "descriptor " + std::to_string(near.get()) + " is watched no longer");
    EXPECT_THAT(weft::describe_exception(reported[0].exception), HasSubstr("injected: Bad file descriptor"));
    EXPECT_TRUE(loop->remove_reader(near.get()));
}

TEST_F(lasting_poll, that_is_refused_for_good_in_the_end_calls_back_and_says_so) {
    refusals = 100;
    add_reader();
    on_report = [this] { error = EPERM; };
    feed("ab");
    let_pass(1s);
    EXPECT_EQ(got, "ab");
    ASSERT_EQ(reported.size(), 2u);
    EXPECT_THAT(reported[1].message, HasSubstr("is watched no longer"));
}

TEST_F(lasting_poll, that_is_refused_may_be_removed_by_whoever_hears_of_it) {
    add_reader();
    on_report = [this] { EXPECT_TRUE(loop->remove_reader(near.get())); };
    feed("ab");
    let_pass(1s);
    EXPECT_EQ(got, "a");
    EXPECT_EQ(reported.size(), 1u);
}

TEST_F(lasting_poll, that_is_refused_ends_when_a_stream_has_its_number) {
    weft::backend& operations = loop->operations();
    if (operations.name() != std::string_view("epoll")) GTEST_SKIP() << "is about epoll, which knows whose a number is";
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    const weft::unique_fd streams(ends[0]), peer(ends[1]);
    receiving receive;
    refusals = 1;
    add_reader();
    on_report = [&] {  // its descriptor is closed, though nobody called remove_reader()
        if (reported.size() > 1) return;
        ASSERT_EQ(::dup3(streams.get(), near.get(), O_CLOEXEC), near.get());
        receive.fd = near.get();
        operations.submit(receive);
    };
    feed("a");
    let_pass(1s);
    EXPECT_EQ(got, "a-");  // a last time, to find out
    EXPECT_EQ(reported.size(), 2u);
    EXPECT_THAT(reported.back().message, HasSubstr("is watched no longer"));
    operations.cancel(receive);
    EXPECT_TRUE(loop->remove_reader(near.get()));
}

TEST_F(lasting_poll, that_is_refused_goes_with_its_loop) {
    refusals = 1000;
    add_reader();
    feed("ab");
    let_pass(1s);
    loop.reset();
    EXPECT_EQ(got, "a");
}

TEST_F(lasting_poll, that_is_refused_loses_no_signal) {
    for (const refusal each : {refusal::at_submit, refusal::without_memory, refusal::later}) {
        how = each;
        polls = 0;
        refusals = 3;
        reported.clear();
        got.clear();
        loop->add_signal_handler(SIGUSR1, [this] { got += 's'; });
        ::raise(SIGUSR1);
        let_pass(1s);
        ::raise(SIGUSR1);
        let_pass(1s);
        EXPECT_EQ(got, "ss");
        EXPECT_EQ(reported.size(), polls >= 2 ? 1u : 0u);
    }
}

}  // namespace
