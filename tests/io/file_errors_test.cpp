// SPDX-License-Identifier: Apache-2.0
// Every errno of every call about a file, made by the kernel's ring or on a pool's thread, whichever the backend has:
// the error says what was to be done and to which file, nothing is left, and the next call works.
#include "failing_calls.hpp"
#include "io/faulty_backend.hpp"
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"

#include <weft/io/directory.hpp>
#include <weft/io/file.hpp>

#include <fstream>

using namespace weft_test;
using testing::StartsWith;
using weft::open_mode;

namespace {

/// A call about a file, and both ways to make it.
struct file_call {
    weft::opcode operation;
    system_call by_pool;
};
constexpr file_call open_call{weft::opcode::open, system_call::open};
constexpr file_call read_call{weft::opcode::read_at, system_call::pread};
constexpr file_call write_call{weft::opcode::write_at, system_call::pwrite};
constexpr file_call sync_call{weft::opcode::sync, system_call::fsync};
constexpr file_call datasync_call{weft::opcode::sync, system_call::fdatasync};
constexpr file_call stat_call{weft::opcode::stat, system_call::statx};

class errors_of_files : public testing::Test {
protected:
    errors_of_files() { std::ofstream(path_) << "0123456789"; }

    template <class F>
    void run(F main) {
        auto faulty = std::make_unique<faulty_backend>(weft::make_backend());
        faults_ = faulty.get();
        weft::event_loop loop(std::move(faulty));
        const auto before = open_descriptors();
        loop.run_until_complete(main());
        loop.run_until_complete(loop.shutdown_default_executor());
        EXPECT_EQ(open_descriptors(), before);
    }

    /// Has the call fail with each errno: once, in the middle of `attempt`, which works before and after that.
    /// @param attempt  makes a task  @param what  the error begins with, before the path
    template <class Attempt>
    weft::task<> fail(file_call which, std::vector<int> errors, std::string what, Attempt attempt) {
        for (const int error : errors) {
            SCOPED_TRACE(testing::Message() << what << error);
            int told = 0;
            try {
                const failing_calls failing(which.by_pool, {.error = error});
                int left = 1;
                faults_->decide = [&left, which, error](weft::opcode code, weft::native_handle) {
                    return code == which.operation && left-- > 0 ? fate{.error = error} : fate();
                };
                co_await attempt();
            } catch (const std::system_error& e) {
                told = e.code().value();
                EXPECT_THAT(e.what(), StartsWith(what + path_));
            }
            faults_->decide = [](weft::opcode, weft::native_handle) { return fate(); };
            EXPECT_EQ(told, error == EINTR ? 0 : error);  // what was interrupted is done again
            co_await attempt();
        }
    }

    const temporary_folder folder_;
    const std::string path_ = folder_ / "file";
    faulty_backend* faults_ = nullptr;
};

TEST_F(errors_of_files, of_opening_one) {
    run([this]() -> weft::task<> {
        const std::vector errors{EACCES, EEXIST,    EISDIR, ELOOP, EMFILE,  ENAMETOOLONG, ENFILE,
                                 ENODEV, ENOENT,    ENOMEM, EINTR, ENOSPC,  EDQUOT,       ENOTDIR,
                                 ENXIO,  EOVERFLOW, EPERM,  EROFS, ETXTBSY, EBUSY,        EINVAL};
        co_await fail(open_call, errors, "open ", [this]() -> weft::task<> { co_await weft::file::open(path_); });
        co_await fail(open_call, errors, "open ",
                      [this]() -> weft::task<> { EXPECT_EQ(co_await weft::read_file(path_), "0123456789"); });
    });
}

TEST_F(errors_of_files, of_reading_one) {
    run([this]() -> weft::task<> {
        auto f = co_await weft::file::open(path_);
        const std::vector errors{EIO, EISDIR, EINVAL, EBADF, ENOMEM, EOVERFLOW, ESTALE, EAGAIN, EINTR};
        co_await fail(read_call, errors, "read from ", [&]() -> weft::task<> {
            f.seek(2);
            EXPECT_EQ(co_await f.read(3), "234");
            EXPECT_EQ(f.tell(), 5u);
        });
        co_await fail(read_call, errors, "read from ",
                      [&]() -> weft::task<> { EXPECT_EQ(co_await f.read_at(5, 100), "56789"); });
        co_await fail(read_call, errors, "read from ", [&]() -> weft::task<> {
            f.seek(0);
            EXPECT_EQ(co_await f.read_all(), "0123456789");
        });
        co_await fail(read_call, errors, "read from ",
                      [&]() -> weft::task<> { EXPECT_EQ(co_await weft::read_file(path_), "0123456789"); });
    });
}

TEST_F(errors_of_files, of_writing_one) {
    run([this]() -> weft::task<> {
        auto f = co_await weft::file::open(path_, open_mode::read | open_mode::write);
        const std::vector errors{EIO,   ENOSPC, EDQUOT, EFBIG,  EPERM,  EROFS,
                                 EBADF, EINVAL, ENOMEM, EAGAIN, ESTALE, EINTR};
        co_await fail(write_call, errors, "write to ", [&]() -> weft::task<> {
            f.seek(2);
            co_await f.write("ab");
            EXPECT_EQ(f.tell(), 4u);
        });
        co_await fail(write_call, errors, "write to ", [&]() -> weft::task<> { co_await f.write_at(8, "cd"); });
        EXPECT_EQ(co_await f.read_at(0, 100), "01ab4567cd");
        co_await fail(write_call, errors, "write to ",
                      [&]() -> weft::task<> { co_await weft::write_file(path_, "anew"); });
        EXPECT_EQ(co_await f.read_at(0, 100), "anew");
    });
}

TEST_F(errors_of_files, of_bringing_one_to_the_disk) {
    run([this]() -> weft::task<> {
        auto f = co_await weft::file::open(path_, open_mode::write);
        const std::vector errors{EIO, ENOSPC, EDQUOT, EROFS, EINVAL, EBADF, EINTR};
        co_await fail(sync_call, errors, "sync ", [&]() -> weft::task<> { co_await f.sync(); });
        co_await fail(datasync_call, errors, "sync ", [&]() -> weft::task<> { co_await f.datasync(); });
    });
}

TEST_F(errors_of_files, of_asking_for_the_size) {
    run([this]() -> weft::task<> {
        auto f = co_await weft::file::open(path_);
        const std::vector errors{EACCES, EBADF, EIO, ENOMEM, EOVERFLOW, ESTALE, EINTR};
        co_await fail(stat_call, errors, "size of ", [&]() -> weft::task<> { EXPECT_EQ(co_await f.size(), 10u); });
        co_await fail(stat_call, errors, "size of ", [&]() -> weft::task<> {
            f.seek(0);
            EXPECT_EQ(co_await f.read_all(), "0123456789");
        });
    });
}

// What a thread of the pool does on both

constexpr weft::opcode no_operation = weft::opcode::accept;

TEST_F(errors_of_files, of_cutting_one) {
    run([this]() -> weft::task<> {
        auto f = co_await weft::file::open(path_, open_mode::write);
        const file_call truncate_call{no_operation, system_call::ftruncate};
        const std::vector errors{EIO, EFBIG, EINVAL, EPERM, EROFS, ENOSPC, ETXTBSY, EINTR};
        co_await fail(truncate_call, errors, "truncate ", [&]() -> weft::task<> {
            co_await f.truncate(3);
            EXPECT_EQ(co_await f.size(), 3u);
        });
    });
}

TEST_F(errors_of_files, of_closing_one_that_was_written_to_and_it_is_closed_all_the_same) {
    run([this]() -> weft::task<> {
        for (const int error : {EIO, ENOSPC, EDQUOT, EBADF, EINTR}) {
            auto f = co_await weft::file::open(path_, open_mode::write);
            weft::unique_fd closes_in_truth(f.descriptor());
            const failing_calls failing(system_call::close, {.error = error, .fd = f.descriptor()});
            int told = 0;
            try {
                co_await f.close();
            } catch (const std::system_error& e) {
                told = e.code().value();
                EXPECT_THAT(e.what(), StartsWith("close " + path_));
            }
            EXPECT_EQ(failing.failed(), 1);
            EXPECT_EQ(told, error == EINTR ? 0 : error);  // Linux has closed it
            EXPECT_FALSE(f);
            co_await f.close();
        }
    });
}

TEST_F(errors_of_files, of_listing_a_directory) {
    run([this]() -> weft::task<> {
        for (const int error : {EIO, ENOENT, EBADF, EOVERFLOW, ENOMEM}) {
            for (const int after : {0, 1}) {
                const failing_calls failing(system_call::readdir, {.error = error, .after = after});
                int told = 0;
                try {
                    co_await weft::list_directory(folder_.path());
                } catch (const std::system_error& e) {
                    told = e.code().value();
                    EXPECT_THAT(e.what(), StartsWith("list " + folder_.path()));
                }
                EXPECT_EQ(told, error);
                EXPECT_EQ((co_await weft::list_directory(folder_.path())).size(), 1u);
            }
        }
    });
}

}  // namespace
