// SPDX-License-Identifier: Apache-2.0
#include <weft/io/file.hpp>

#include "io/operations.hpp"
#include "io/temporary_folder.hpp"

#include <weft/exec/thread_pool.hpp>

#include <sys/stat.h>

#include <deque>
#include <fstream>

using namespace std::chrono_literals;
using namespace weft_test;
using weft::open_mode;

namespace {

bool uses_the_pool() { return weft::get_running_loop().backend_name() == std::string("epoll"); }

/// A pool that outlives its loop and whose end waits for its threads.
class kept_pool final : public weft::executor {
public:
    void post(weft::executor_job& job) override { threads_.post(job); }
    void shutdown(weft::shutdown_options) override {}
    void shutdown_then(std::move_only_function<void()> ended) override { ended(); }
    void join() { threads_.shutdown(); }

private:
    weft::thread_pool threads_{2};
};

/// An executor whose calls the test makes, when it likes.
class executor_by_hand final : public weft::executor {
public:
    void post(weft::executor_job& job) override { jobs_.push_back(&job); }
    void shutdown(weft::shutdown_options) override {}
    void shutdown_then(std::move_only_function<void()> ended) override { ended(); }

    bool has_job() const { return !jobs_.empty(); }
    void make_call() { jobs_.front()->run(); }
    void send_back() {
        weft::executor_job& job = *jobs_.front();
        jobs_.pop_front();
        job.finish();
    }

private:
    std::deque<weft::executor_job*> jobs_;
};

/// A file operation that has begun and has not ended until the test says so: on a pool, or, on io_uring, on a FIFO.
class held_file {
public:
    /// @return a FIFO open for both directions
    weft::task<weft::file> open() {
        EXPECT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
        auto f = co_await weft::file::open(folder_ / "pipe", open_mode::read | open_mode::write);
        if (uses_the_pool()) weft::get_running_loop().set_default_executor(pool_);
        co_return f;
    }
    /// Something can be read; or, after a full FIFO, written.
    void write(std::string_view text) {
        const weft::unique_fd other(::open((folder_ / "pipe").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        EXPECT_EQ(::write(other.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    weft::task<> let_it_begin() {
        co_await weft::yield_now();
        EXPECT_EQ(pool_->has_job(), uses_the_pool());
    }
    executor_by_hand& pool() { return *pool_; }

private:
    temporary_folder folder_;
    std::shared_ptr<executor_by_hand> pool_ = std::make_shared<executor_by_hand>();
};

TEST(file_cancellation, a_read_that_has_begun_is_delivered_and_the_next_await_raises) {
    run([]() -> weft::task<> {
        held_file held;
        auto f = co_await held.open();
        std::string got;
        bool raised = false;
        const auto reader = [&]() -> weft::task<> {
            got = co_await f.read(4);
            try {
                co_await weft::sleep(1h);
            } catch (const weft::cancelled_error& e) {
                raised = e.message() == "enough";
                throw;
            }
        };
        weft::task_handle<void> h = weft::create_task(reader());
        co_await held.let_it_begin();
        if (uses_the_pool()) {
            held.write("text");
            held.pool().make_call();
        }
        h.cancel("enough");
        for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        EXPECT_FALSE(h.done());
        if (uses_the_pool()) {
            held.pool().send_back();
        } else {
            held.write("text");
        }
        EXPECT_THROW(co_await h, weft::cancelled_error);
        EXPECT_EQ(got, "text");
        EXPECT_TRUE(raised);
    });
}

TEST(file_cancellation, a_write_that_has_begun_is_whole) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        const std::string big(3 << 20, 'x');  // more than a job takes
        auto f = co_await weft::file::open(folder / "a", open_mode::write | open_mode::create);
        auto h = weft::create_task(f.write(big));
        co_await weft::yield_now();
        while (std::filesystem::file_size(folder / "a") == 0) co_await weft::yield_now();
        h.cancel();
        EXPECT_THROW(co_await h, weft::cancelled_error);
        EXPECT_EQ(f.tell(), big.size());
        EXPECT_EQ(std::filesystem::file_size(folder / "a"), big.size());
    });
}

TEST(file_cancellation, what_no_thread_has_begun_never_is) {
    run([]() -> weft::task<> {
        if (!uses_the_pool()) co_return;
        held_file held;
        auto f = co_await held.open();
        auto h = weft::create_task(f.write("never"));
        co_await held.let_it_begin();
        h.cancel();
        EXPECT_THROW(co_await h, weft::cancelled_error);
        held.pool().make_call();  // finds that nobody wants it
        held.pool().send_back();
        held.write("x");
        auto reading = weft::create_task(f.read(10));
        co_await weft::yield_now();
        held.pool().make_call();
        held.pool().send_back();
        EXPECT_EQ(co_await reading, "x");
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

TEST(file_cancellation, an_open_that_has_made_a_file_is_delivered_and_the_next_await_raises) {
    const temporary_folder folder;
    run([&]() -> weft::task<> {
        const auto pool = std::make_shared<executor_by_hand>();
        if (uses_the_pool()) weft::get_running_loop().set_default_executor(pool);
        bool is_told = false;
        const auto maker = [&]() -> weft::task<> {
            auto f = co_await weft::file::open(folder / "new", open_mode::write | open_mode::exclusive);
            is_told = true;
            co_await weft::sleep(1h);
        };
        auto making = weft::create_task(maker());
        co_await weft::yield_now();
        if (uses_the_pool()) pool->make_call();
        making.cancel();
        if (uses_the_pool()) pool->send_back();
        EXPECT_THROW(co_await making, weft::cancelled_error);
        EXPECT_TRUE(is_told);
    });
    EXPECT_EQ(::access((folder / "new").c_str(), F_OK), 0);
}

TEST(file_cancellation, destroyed_while_it_waits_leaves_nothing_that_writes_into_its_memory) {
    const temporary_folder folder;
    std::ofstream(folder / "a") << std::string(1 << 20, 'x');
    const auto pool = std::make_shared<kept_pool>();
    const auto before = open_descriptors();
    for (int turns = 0; turns < 4; ++turns) {
        weft::event_loop loop;
        loop.set_default_executor(pool);
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
    pool->join();
    EXPECT_EQ(open_descriptors(), before);
}

TEST(file_cancellation, destroyed_while_it_opens_leaves_no_descriptor) {
    const temporary_folder folder;
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    const auto pool = std::make_shared<kept_pool>();
    const auto before = open_descriptors();
    {
        weft::event_loop loop;
        loop.set_default_executor(pool);
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
    pool->join();
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
