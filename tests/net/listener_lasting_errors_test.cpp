// SPDX-License-Identifier: Apache-2.0
// Accepting, when whatever the kernel is asked for is an error: of no connection in particular, and for as long as it likes.
#include "net/faulty_network.hpp"

#include <sys/syscall.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;

namespace {

int accept_error = 0;  // what accept4(2) fails with; 0: it does not
int accepts = 0;  // failed so
constexpr int most_accepts = 100'000;  // then it spins, and must be let out

}  // namespace

extern "C" int accept4(int fd, sockaddr* peer, socklen_t* bytes, int flags) {
    if (accept_error == 0 || accepts >= most_accepts)
        return static_cast<int>(::syscall(SYS_accept4, fd, peer, bytes, flags));
    ++accepts;
    errno = accept_error;
    return -1;
}

namespace {

weft::task<> answer(weft::stream s) { co_await s.write("hello\n"); }

weft::task<> be_answered(std::uint16_t port) {
    auto s = co_await weft::open_connection("127.0.0.1", port);
    EXPECT_EQ(co_await s.read_line(), "hello");
}

TEST(listener, that_can_never_accept_does_not_spin) {
    for (const int error : {EPERM, EACCES, EOPNOTSUPP, ECONNABORTED, EIO}) {
        network_weather fair;
        run_in(fair, [error]() -> weft::task<> {
            auto& loop = weft::get_running_loop();
            // There accepting is no system call: it is told by the tests of its backend.
            if (loop.backend_name() == std::string_view("io_uring")) co_return;
            std::vector<weft::error_context> reported;
            loop.set_exception_handler([&](weft::event_loop&, const weft::error_context& e) { reported.push_back(e); });
            auto server = co_await weft::start_server(answer, "127.0.0.1", 0);
            accept_error = error;
            accepts = 0;
            auto client = weft::create_task(be_answered(server.port()));
            co_await weft::sleep(10s);
            accept_error = 0;
            EXPECT_LE(accepts, 64 * 101);
            EXPECT_EQ(reported.size(), 1u);
            EXPECT_THAT(weft::describe_exception(reported.at(0).exception),
                        HasSubstr(std::generic_category().message(error)));
            co_await client;
        });
    }
}

TEST(listener, that_cannot_accept_for_long_pauses_all_the_time) {
    network_weather weather{.accept_errors = std::vector<int>(100, EPERM)};
    run_in(weather, []() -> weft::task<> {
        int reports = 0;
        auto& loop = weft::get_running_loop();
        loop.set_exception_handler([&](weft::event_loop&, const weft::error_context&) { ++reports; });
        auto server = co_await weft::start_server(answer, "127.0.0.1", 0);
        const auto began = loop.time();
        co_await be_answered(server.port());
        EXPECT_EQ(loop.time() - began, 10s);
        EXPECT_EQ(reports, 1);
    });
}

}  // namespace
