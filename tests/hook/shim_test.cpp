// SPDX-License-Identifier: Apache-2.0
// What the library says: of the calls that it has taken over, and of those that stop the loop.
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/inspect/capture_stack.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// What this program writes when it runs the test of that name alone, whichever share of the tests is its own.
std::string output_of(const std::string& test, const std::string& environment) {
    char self[PATH_MAX] = "";
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return "no /proc";
    const std::string command = "env -u GTEST_TOTAL_SHARDS -u GTEST_SHARD_INDEX " + environment + " '" + self +
                                "' --gtest_also_run_disabled_tests --gtest_filter=" + test + " 2>&1";
    FILE* const pipe = popen(command.c_str(), "r");
    if (!pipe) return "no popen";
    std::string all;
    char part[4096];
    while (const std::size_t n = fread(part, 1, sizeof part, pipe)) all.append(part, n);
    pclose(pipe);
    return all;
}

TEST(shim, DISABLED_sleeps) {
    hook_tests::on_fiber([] { return sleep(0); });
}

TEST(shim, DISABLED_blocks) {
    hook_tests::on_fiber([] {
        sem_t s;
        sem_init(&s, 0, 1);
        sem_wait(&s);  // does not block
        const weft::unique_fd nothing(epoll_create1(EPOLL_CLOEXEC));
        epoll_event e{};
        const timespec past{};
        sem_timedwait(&s, &past);
        return epoll_wait(nothing.get(), &e, 1, 1) + epoll_pwait(nothing.get(), &e, 1, 1, nullptr);
    });
}

TEST(shim, DISABLED_blocks_in_calls_on_descriptors_and_for_signals) {
    hook_tests::on_fiber([] {
        const auto sockets = hook_tests::make_socketpair(SOCK_DGRAM);
        const auto ends = hook_tests::make_pipe();
        const weft::unique_fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), nothing(epoll_create1(EPOLL_CLOEXEC));
        const timespec soon{0, 1000}, past{};
        epoll_event e{};
        epoll_pwait2(nothing.get(), &e, 1, &soon, nullptr);
        sendfile(sockets.b.get(), file.get(), nullptr, 10);
        splice(file.get(), nullptr, ends.b.get(), nullptr, 10, 0);
        char text[20];
        iovec piece{text, sizeof text};
        mmsghdr message{};
        message.msg_hdr.msg_iov = &piece;
        message.msg_hdr.msg_iovlen = 1;
        const bool not_yet = sendmmsg(sockets.b.get(), &message, 1, 0) == 1;  // does not block
        recvmmsg(sockets.a.get(), &message, 1, 0, nullptr);

        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGUSR1);
        pthread_sigmask(SIG_BLOCK, &signals, nullptr);
        int signal = 0;
        raise(SIGUSR1);
        sigwait(&signals, &signal);  // does not block
        sigtimedwait(&signals, nullptr, &soon);

        pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
        pthread_rwlock_timedwrlock(&lock, &past);  // does not block
        pthread_rwlock_timedrdlock(&lock, &past);
        return not_yet && signal == SIGUSR1;
    });
}

TEST(shim, lists_what_it_has_taken_over_when_asked_to) {
    const std::string loud = output_of("shim.DISABLED_sleeps", "WEFT_HOOK_LOG=1");
    EXPECT_THAT(loud, HasSubstr("weft_hook: sleep is taken over"));
    EXPECT_THAT(loud, Not(HasSubstr("weft_hook: poll")));
    EXPECT_THAT(output_of("shim.DISABLED_sleeps", "WEFT_HOOK_LOG=0"), Not(HasSubstr("weft_hook")));
}

TEST(shim, says_what_blocks_the_loop_and_where) {
    const std::string said = output_of("shim.DISABLED_blocks", "");
    EXPECT_THAT(said, HasSubstr("weft_hook: epoll_wait blocks the loop, in Task-2 made at "));
    EXPECT_THAT(said, HasSubstr("weft_hook: epoll_pwait blocks the loop"));
    EXPECT_THAT(said, HasSubstr("weft_hook: sem_timedwait blocks the loop"));
    EXPECT_THAT(said, HasSubstr("hook_test"));
    EXPECT_THAT(said, Not(HasSubstr("sem_wait blocks")));
}

TEST(shim, DISABLED_blocks_where_nobody_knows) {
    weft::run([]() -> weft::task<> {
        const auto waits_in_vain = [](int, int, int) {
            sem_t s;
            sem_init(&s, 0, 0);
            const timespec past{};
            sem_timedwait(&s, &past);
        };
        co_await weft::create_fiber(waits_in_vain, 1, 2, 3);
    }());
}

TEST(shim, says_in_which_task_where_no_place_is_known) {
    const std::string said = output_of("shim.DISABLED_blocks_where_nobody_knows", "");
    EXPECT_THAT(said, HasSubstr("sem_timedwait blocks the loop, in Task-2:\n"));
}

volatile int calls_returned = 0;
[[gnu::noinline]] ssize_t receives(int fd) {
    char byte = 0;
    const ssize_t got = recv(fd, &byte, 1, 0);
    calls_returned = calls_returned + 1;
    return got;
}

TEST(shim, a_fiber_that_waits_in_a_call_stands_where_that_was_made) {
    weft::run([]() -> weft::task<> {
        const auto [a, b] = hook_tests::make_socketpair();
        const auto h = weft::create_fiber(receives, a.get());
        co_await weft::sleep(1ms);
        const auto frames = weft::capture_stack(h);
        EXPECT_THAT(frames.back().function, testing::EndsWith("receives")) << weft::format_stack(frames);
        EXPECT_THAT(frames.back().file, HasSubstr("hook_test"));
        (void)!write(b.get(), "x", 1);
        const ssize_t got = co_await h;
        EXPECT_EQ(got, 1);
    }());
}

TEST(shim, says_it_of_calls_on_descriptors_and_for_signals) {
    const std::string said = output_of("shim.DISABLED_blocks_in_calls_on_descriptors_and_for_signals", "");
    for (const char* const name :
         {"epoll_pwait2", "sendfile", "splice", "recvmmsg", "sigtimedwait", "pthread_rwlock_timedrdlock"})
        EXPECT_THAT(said, HasSubstr("weft_hook: " + std::string(name) + " blocks the loop, in Task-2 made at "));
    for (const char* const name : {"sendmmsg", "sigwait", "pthread_rwlock_timedwrlock"})
        EXPECT_THAT(said, Not(HasSubstr("weft_hook: " + std::string(name) + " blocks")));
}

}  // namespace
