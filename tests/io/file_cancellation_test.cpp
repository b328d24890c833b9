// SPDX-License-Identifier: Apache-2.0
#include <weft/io/file.hpp>

#include "io/operations.hpp"
#include "io/temporary_folder.hpp"

#include <weft/exec/thread_pool.hpp>

#include <sys/stat.h>

#include <fstream>
#include <semaphore>

using namespace std::chrono_literals;
using namespace weft_test;
using weft::open_mode;

namespace {

bool uses_the_pool() { return weft::get_running_loop().backend_name() == std::string("epoll"); }

/// Gives the loop a pool of one thread, and keeps that busy until told.
class busy_pool {
public:
    busy_pool() {
        weft::get_running_loop().set_default_executor(pool_);
        pool_->submit([this] {
            began_.release();
            go_on_.acquire();
        });
        began_.acquire();
    }
    void free() {
        if (!std::exchange(freed_, true)) go_on_.release();
    }
    ~busy_pool() {
        free();
        pool_->shutdown();
    }

private:
    std::binary_semaphore began_{0}, go_on_{0};
    bool freed_ = false;
    std::shared_ptr<weft::thread_pool> pool_ = std::make_shared<weft::thread_pool>(1);
};

TEST(file_cancellation, a_read_that_has_begun_is_delivered_and_the_next_await_raises) {
    const temporary_folder folder;
    std::ofstream(folder / "a") << "text";
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a");
        std::string got;
        bool raised = false;
        const auto reader = [&]() -> weft::task<> {
            got = co_await f.read_at(0, 4);
            try {
                co_await weft::sleep(1h);
            } catch (const weft::cancelled_error& e) {
                raised = e.message() == "enough";
                throw;
            }
        };
        weft::task_handle<void> h = weft::create_task(reader());
        if (uses_the_pool()) {  // it has begun when its thread has it: the end may have come by then, which is no matter
            co_await weft::yield_now();
            std::this_thread::sleep_for(5ms);
        } else {
            co_await weft::yield_now();
        }
        h.cancel("enough");
        EXPECT_THROW(co_await h, weft::cancelled_error);
        EXPECT_EQ(got, "text");
        EXPECT_TRUE(raised);
        EXPECT_EQ(co_await f.read(4), "text");
    });
}

TEST(file_cancellation, a_write_that_has_begun_is_whole) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        const std::string big(3 << 20, 'x');
        auto f = co_await weft::file::open(folder / "a", open_mode::write | open_mode::create);
        auto h = weft::create_task(f.write(big));
        co_await weft::yield_now();
        if (uses_the_pool()) {
            while (std::filesystem::file_size(folder / "a") == 0) co_await weft::yield_now();
        }
        h.cancel();
        EXPECT_THROW(co_await h, weft::cancelled_error);
        EXPECT_EQ(f.tell(), big.size());
        EXPECT_EQ(std::filesystem::file_size(folder / "a"), big.size());
    });
}

TEST(file_cancellation, what_no_thread_has_begun_never_is) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        if (!uses_the_pool()) co_return;
        auto f = co_await weft::file::open(folder / "a", open_mode::write | open_mode::create);
        co_await f.write("before");
        {
            busy_pool pool;
            auto h = weft::create_task(f.write("never"));
            co_await weft::yield_now();
            h.cancel();
            EXPECT_THROW(co_await h, weft::cancelled_error);
            EXPECT_EQ(f.tell(), 6u);
        }
        EXPECT_EQ(std::filesystem::file_size(folder / "a"), 6u);
    });
}

TEST(file_cancellation, cancelled_before_it_was_awaited_nothing_happens) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a", open_mode::write | open_mode::create);
        const auto writer = [&]() -> weft::task<> {
            weft::current_task_core().cancel();
            co_await f.write("never");
        };
        EXPECT_THROW(co_await weft::create_task(writer()), weft::cancelled_error);
        EXPECT_EQ(f.tell(), 0u);
        EXPECT_EQ(co_await f.size(), 0u);
        co_await f.write("now");
    });
}

TEST(file_cancellation, a_scope_that_ends_amid_a_read_ends_at_the_next_await) {
    const temporary_folder folder;
    std::ofstream(folder / "a") << "text";
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a");
        std::string got;
        weft::cancel_scope scope;
        co_await weft::with(scope, [&](weft::cancel_scope& s) -> weft::task<> {
            weft::get_running_loop().call_soon([&s] { s.cancel(); });
            got = co_await f.read(4);
            co_await weft::sleep(1h);
        });
        EXPECT_TRUE(got == "text" || got.empty());  // empty: no thread had begun it
        co_await weft::sleep(1s);  // nothing of the cancellation is left over
        EXPECT_EQ(co_await f.read_at(0, 4), "text");
    });
}

TEST(file_cancellation, an_open_that_waits_is_cancelled_at_once) {
    const temporary_folder folder;
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    run([&]() -> weft::task<> {
        auto opening = weft::create_task(weft::file::open(folder / "pipe"));  // until somebody opens it for writing
        for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        EXPECT_FALSE(opening.done());
        opening.cancel();
        EXPECT_THROW(co_await std::move(opening), weft::cancelled_error);
        const weft::unique_fd other(::open((folder / "pipe").c_str(), O_RDWR | O_CLOEXEC));  // lets the thread go
        co_await weft::get_running_loop().shutdown_default_executor();
    });
}

TEST(file_cancellation, destroyed_while_it_waits_leaves_nothing_that_writes_into_its_memory) {
    const temporary_folder folder;
    std::ofstream(folder / "a") << std::string(1 << 20, 'x');
    const auto before = open_descriptors();
    for (int turns = 0; turns < 4; ++turns) {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [&]() -> weft::task<> {
            const auto reader = [](std::string path) -> weft::task<> {
                std::vector<std::byte> mine(1 << 20);
                auto f = co_await weft::file::open(std::move(path), open_mode::read | open_mode::write);
                for (;;) {
                    co_await f.read_at(0, mine);
                    co_await f.write_at(0, mine);
                    co_await f.sync();
                }
            };
            weft::spawn(reader(folder / "a"));
            for (int i = 0; i < 2 + turns; ++i) co_await weft::yield_now();
        };
        loop.run_until_complete(main());
        loop.close();
    }
    for (int i = 0; i < 1000 && open_descriptors() != before; ++i) std::this_thread::sleep_for(1ms);  // the pool's threads
    EXPECT_EQ(open_descriptors(), before);
}

TEST(file_cancellation, destroyed_while_it_opens_leaves_no_descriptor) {
    const temporary_folder folder;
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    const auto before = open_descriptors();
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [&]() -> weft::task<> {
            const auto open = [](std::string path) -> weft::task<> { co_await weft::file::open(std::move(path)); };
            weft::spawn(open(folder / "pipe"));
            for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        };
        loop.run_until_complete(main());
        loop.close();
    }
    weft::unique_fd other(::open((folder / "pipe").c_str(), O_RDWR | O_CLOEXEC));  // lets the thread go
    other.reset();
    for (int i = 0; i < 1000 && open_descriptors() != before; ++i) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(open_descriptors(), before);
}

TEST(file_cancellation, random_cancellations_lose_no_position) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        auto f = co_await weft::file::open(folder / "a", open_mode::read | open_mode::write | open_mode::create);
        std::size_t expected = 0;
        for (int i = 0; i < 300; ++i) {
            auto h = weft::create_task(f.write(std::string_view("0123456789")));
            for (int turns = 0; turns < i % 5; ++turns) co_await weft::yield_now();
            h.cancel();
            try {
                co_await h;
            } catch (const weft::cancelled_error&) {
            }
            EXPECT_TRUE(f.tell() == expected || f.tell() == expected + 10);
            expected = f.tell();
        }
        EXPECT_EQ(co_await f.size(), expected);
    });
}

}  // namespace
