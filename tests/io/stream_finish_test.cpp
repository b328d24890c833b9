// SPDX-License-Identifier: Apache-2.0
// What becomes, when run() ends, of output that the peer has not taken yet.
#include "io/connected.hpp"
#include "testing/backend_decorator.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

/// A peer that is slow, and the clock by which it is: outside of the loop that ends.
struct slow_peer {
    weft::unique_fd socket;
    std::size_t bytes_per_tick = 0;
    weft::nanos now = 0;
    std::size_t taken = 0;

    void take(std::size_t most) {
        std::vector<char> bytes(most);
        const auto count = ::recv(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count > 0) taken += static_cast<std::size_t>(count);
    }
};
constexpr weft::nanos tick = 100'000'000;

/// Where nothing is left to do a tick of the peer's clock passes, in which it takes what it takes.
class ticking_backend final : public weft::backend_decorator {
public:
    explicit ticking_backend(slow_peer& peer) : backend_decorator(weft::make_backend()), peer_(peer) {}
    bool wait(weft::nanos deadline) override {
        real_->wait(0);
        if (real_->has_happened() || deadline <= peer_.now) return true;
        peer_.now = std::min(deadline, peer_.now + tick);
        peer_.take(peer_.bytes_per_tick);
        return true;
    }
    weft::nanos now() const noexcept override { return peer_.now; }

private:
    slow_peer& peer_;
};

constexpr std::size_t written = 4 << 20;

/// Writes to a peer that takes so much in a tick, lets go of the stream and ends. @return what the exception handler heard
std::vector<std::string> write_and_end(slow_peer& peer, weft::run_options options = {}) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    weft::unique_fd ours(ends[0]);
    peer.socket.reset(ends[1]);
    std::vector<std::string> messages;
    weft::runner runner(std::make_unique<weft::event_loop>(std::make_unique<ticking_backend>(peer)), options);
    runner.get_loop().set_exception_handler(
        [&](weft::event_loop&, const weft::error_context& e) { messages.push_back(e.message); });
    const auto main = [](weft::unique_fd fd) -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        weft::stream s(std::make_unique<weft::stream_core>(
            loop, std::make_unique<weft::socket_layer>(loop.operations(), std::move(fd)), weft::stream_limits{}));
        static_cast<void>(s.write(std::string(written, 'x')));
        co_return;
    };
    runner.run_and_close(main(std::move(ours)));
    return messages;
}

std::chrono::nanoseconds elapsed(const slow_peer& peer) { return std::chrono::nanoseconds(peer.now); }

TEST(output_at_the_end_of_run, is_sent_to_a_peer_that_takes_its_time) {
    slow_peer peer{.bytes_per_tick = 64 * 1024};
    EXPECT_THAT(write_and_end(peer), IsEmpty());
    EXPECT_GT(elapsed(peer), 3s);
    for (std::size_t before = ~std::size_t{0}; peer.taken != before;) {
        before = peer.taken;
        peer.take(written);
    }
    EXPECT_EQ(peer.taken, written);
}

TEST(output_at_the_end_of_run, to_a_peer_that_takes_nothing_is_given_up_after_a_second_and_reported) {
    slow_peer peer;
    EXPECT_THAT(write_and_end(peer),
                ElementsAre(AllOf(HasSubstr("the loop closes before"), HasSubstr("bytes that were written are sent"))));
    EXPECT_GE(elapsed(peer), 1s);
    EXPECT_LT(elapsed(peer), 1500ms);
}

TEST(output_at_the_end_of_run, takes_no_longer_than_the_option_says) {
    slow_peer peer{.bytes_per_tick = 64 * 1024};
    EXPECT_EQ(write_and_end(peer, {.output_timeout = 3s}).size(), 1u);
    EXPECT_GE(elapsed(peer), 3s);
    EXPECT_LT(elapsed(peer), 3500ms);
    EXPECT_LT(peer.taken, written);
}

TEST(output_at_the_end_of_run, is_not_waited_for_where_the_option_says_so) {
    slow_peer peer{.bytes_per_tick = 64 * 1024};
    EXPECT_EQ(write_and_end(peer, {.output_timeout = 0s}).size(), 1u);
    EXPECT_EQ(elapsed(peer), 0s);
}

}  // namespace
