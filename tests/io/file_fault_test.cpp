// SPDX-License-Identifier: Apache-2.0
// What a kernel may do to a file operation: bring less than was asked for, be interrupted, fail. On a backend that
// carries files, whatever the real one does.
#include <weft/io/file.hpp>

#include "io/temporary_folder.hpp"
#include "loop/backend.hpp"

#include <weft/loop/event_loop.hpp>

#include <cerrno>
#include <deque>

using namespace weft_test;
using weft::open_mode;

namespace {

/// Carries file operations out here and now, as told; all else the real one does.
class faulty_backend final : public weft::backend {
public:
    std::size_t most_bytes = ~std::size_t{0};  ///< that an operation moves
    std::deque<int> results;  ///< of the next reads, writes and syncs, in place of doing them; 0: do it
    int refusals = 0;  ///< of the next submissions
    int refusals_after = 0;  ///< of the one behind so many
    int carried_out = 0;

    const char* name() const noexcept override { return "faulty"; }
    bool carries_files() const noexcept override { return true; }
    void submit(weft::operation& op) override {
        if (op.code < weft::opcode::open) return real_->submit(op);
        if (refusals > 0 && refusals--) throw std::system_error(EBUSY, std::generic_category(), "submit");
        if (refusals_after > 0 && --refusals_after == 0) refusals = 1;
        op.slot = 0;
        files_.push_back(&static_cast<weft::file_operation&>(op));
    }
    void cancel(weft::operation& op) noexcept override {
        if (op.code < weft::opcode::open) return real_->cancel(op);
        std::erase(files_, &op);
        op.slot = weft::operation::no_slot;
    }
    bool wait(weft::nanos deadline) override { return real_->wait(files_.empty() ? deadline : 0); }
    bool has_happened() const noexcept override { return !files_.empty() || real_->has_happened(); }
    void dispatch() override {
        real_->dispatch();
        for (std::size_t count = files_.size(); count > 0 && !files_.empty(); --count) {
            weft::file_operation& op = *files_.front();
            files_.pop_front();
            op.slot = weft::operation::no_slot;
            op.on_complete(op, {carry_out(op), true});
        }
    }
    void pause(weft::receive_operation& op) noexcept override { real_->pause(op); }
    void resume(weft::receive_operation& op) override { real_->resume(op); }
    std::ptrdiff_t try_send(weft::native_handle, std::span<const std::byte>) noexcept override { return 0; }
    std::ptrdiff_t try_send_pieces(weft::native_handle, std::span<const std::span<const std::byte>>) noexcept override {
        return 0;
    }
    void close(weft::native_handle fd) noexcept override { real_->close(fd); }
    void for_each_submitted(const std::function<void(const weft::operation&)>& visit) const override {
        real_->for_each_submitted(visit);
    }
    void flush() override { real_->flush(); }
    void wake() noexcept override { real_->wake(); }
    void abandon() noexcept override { real_->abandon(); }
    weft::native_handle poll_fd() const noexcept override { return real_->poll_fd(); }

private:
    int carry_out(weft::file_operation& op) {
        if (op.code == weft::opcode::open || op.code == weft::opcode::stat) return perform(op);
        ++carried_out;
        if (!results.empty()) {
            const int result = results.front();
            results.pop_front();
            if (result != 0) return result;
        }
        op.bytes = op.bytes.first(std::min(op.bytes.size(), most_bytes));
        return perform(op);
    }

    std::unique_ptr<weft::backend> real_ = weft::make_backend();
    std::deque<weft::file_operation*> files_;
};

/// Runs `body(file, backend)` with a file of `text`.
template <class F>
void with_file(std::string_view text, F body) {
    const temporary_folder folder;
    auto owned = std::make_unique<faulty_backend>();
    faulty_backend& b = *owned;
    weft::event_loop loop(std::move(owned));
    const auto main = [&]() -> weft::task<> {
        co_await weft::write_file(folder / "a", text);
        b.carried_out = 0;
        auto f = co_await weft::file::open(folder / "a", open_mode::read | open_mode::write);
        co_await body(f, b);
    };
    loop.run_until_complete(main());
}

TEST(file_fault, short_reads_and_writes_are_gone_on_with) {
    with_file("0123456789", [](weft::file& f, faulty_backend& b) -> weft::task<> {
        for (const std::size_t most : {1u, 3u, 7u}) {
            b.most_bytes = most;
            f.seek(0);
            EXPECT_EQ(co_await f.read_all(), "0123456789");
            f.seek(2);
            EXPECT_EQ(co_await f.read(5), "23456");
            EXPECT_EQ(f.tell(), 7u);
            std::array<std::byte, 20> room;
            EXPECT_EQ(co_await f.read_at(1, room), 9u);
            co_await f.write_at(0, "0123456789");
            f.seek(0);
            co_await f.write("0123456789");
            EXPECT_EQ(f.tell(), 10u);
        }
    });
}

TEST(file_fault, what_was_interrupted_is_done_again) {
    with_file("0123456789", [](weft::file& f, faulty_backend& b) -> weft::task<> {
        b.most_bytes = 4;
        b.results = {-EINTR, 0, -EINTR, -EINTR};
        EXPECT_EQ(co_await f.read(10), "0123456789");
        b.results = {-EINTR, 0, -EINTR};
        co_await f.write("abcdef");
        EXPECT_EQ(co_await f.read_at(8, 100), "89abcdef");
        b.results = {-EINTR};
        co_await f.sync();
    });
}

TEST(file_fault, a_read_that_fails_takes_nothing) {
    with_file("0123456789", [](weft::file& f, faulty_backend& b) -> weft::task<> {
        b.most_bytes = 4;
        b.results = {0, -EIO};
        try {
            co_await f.read(10);
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::io_error);
            EXPECT_THAT(e.what(), testing::HasSubstr("after 4 of 10 bytes"));
        }
        EXPECT_EQ(f.tell(), 0u);
        EXPECT_EQ(co_await f.read(10), "0123456789");
        b.results = {-EIO};
        EXPECT_THROW(co_await f.sync(), std::system_error);
    });
}

TEST(file_fault, a_write_that_fails_says_how_far_it_came) {
    with_file("", [](weft::file& f, faulty_backend& b) -> weft::task<> {
        b.most_bytes = 4;
        b.results = {0, 0, -ENOSPC};
        try {
            co_await f.write("0123456789");
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::no_space_on_device);
            EXPECT_THAT(e.what(), testing::HasSubstr("after 8 of 10 bytes"));
        }
        EXPECT_EQ(f.tell(), 8u);
        co_await f.write("89");
        EXPECT_EQ(co_await f.read_at(0, 100), "0123456789");
    });
}

TEST(file_fault, whatever_the_disk_says_is_said_and_the_file_goes_on) {
    with_file("0123456789", [](weft::file& f, faulty_backend& b) -> weft::task<> {
        const auto errno_of = [](weft::task<> body) -> weft::task<int> {
            try {
                co_await std::move(body);
            } catch (const std::system_error& e) {
                co_return e.code().value();
            }
            co_return 0;
        };
        const auto write = [&]() -> weft::task<> { co_await f.write_at(0, "x"); };
        const auto read = [&]() -> weft::task<> { co_await f.read_at(0, 1); };
        const auto sync = [&]() -> weft::task<> { co_await f.sync(); };
        for (const int error : {EIO, ENOSPC, EDQUOT, EFBIG, EROFS, EPERM, EBADF, EINVAL, ENOMEM, ESTALE, ENXIO}) {
            b.results = {-error};
            EXPECT_EQ(co_await errno_of(write()), error);
            b.results = {-error};
            EXPECT_EQ(co_await errno_of(read()), error);
            b.results = {-error};
            EXPECT_EQ(co_await errno_of(sync()), error);
        }
        EXPECT_EQ(co_await f.read_at(0, 100), "0123456789");
    });
}

TEST(file_fault, a_submission_that_is_refused_is_an_error_and_the_file_goes_on) {
    with_file("0123", [](weft::file& f, faulty_backend& b) -> weft::task<> {
        b.refusals = 1;
        EXPECT_THROW(co_await f.read(4), std::system_error);
        EXPECT_EQ(co_await f.read(4), "0123");
        b.most_bytes = 2;
        b.refusals_after = 1;
        EXPECT_THROW(co_await f.write("4567"), std::system_error);
        EXPECT_EQ(f.tell(), 6u);  // behind what was written
        b.refusals = 1;
        EXPECT_THROW(co_await weft::file::open(f.path()), std::system_error);
        co_await f.close();
    });
}

}  // namespace
