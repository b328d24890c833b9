// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/file_core.hpp"
#include "loop/operation.hpp"

#include <weft/exec/blocking_job.hpp>
#include <weft/loop/waiter.hpp>

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>

namespace weft::inline v0 {

/// A file operation made by a thread of a pool. All that it touches is its own, or kept by it: nobody need wait for it.
class file_job final : public blocking_job {
public:
    /// Takes a copy of what `op` points to.
    /// @param fill  a read goes on until its bytes are full or the file ends
    file_job(const file_operation& op, std::shared_ptr<file_core> file, bool fill);
    ~file_job() override;

    /// After it arrived: bytes moved, or a descriptor, which is the caller's now; else -errno.
    /// @throws why the pool did not make the call
    int take_result();
    /// What was read. @param into  as many bytes as were asked for
    void copy_read(std::span<std::byte> into) const noexcept;
    /// A read has found the end of the file.
    bool at_end() const noexcept { return at_end_; }
    const struct statx& status() const noexcept { return status_; }

private:
    void call() noexcept override;
    void forget_call() noexcept override {}
    void set_error(std::exception_ptr error) noexcept override { error_ = std::move(error); }

    file_operation operation_;
    std::shared_ptr<file_core> file_;
    std::string text_;  // the path, or the bytes
    struct statx status_{};
    bool fill_, at_end_ = false;
    int result_;
    std::exception_ptr error_;
};

/// Suspends a task until a file operation has been carried out: by the backend if it does so, else by the default pool.
/// Of reads and writes it makes as many as it takes.
class file_call : public waiter {
public:
    struct outcome {
        std::size_t moved = 0;  ///< bytes
        int error = 0;  ///< an errno
        std::exception_ptr refused{};  ///< why the rest was not taken on
        bool failed() const noexcept { return error != 0 || refused; }
    };

    /// open: `path` lives until this is over. With O_EXCL it is, once begun, not cancelled: there may be a new file.
    file_call(const char* path, int flags, mode_t mode);
    /// sync or stat.
    file_call(opcode what, std::shared_ptr<file_core> file, int flags = 0);
    /// read_at or write_at. @param offset  -1: the descriptor's own position
    file_call(opcode what, std::shared_ptr<file_core> file, std::span<std::byte> bytes, std::int64_t offset);
    ~file_call();

    bool await_ready() const noexcept { return is_transfer() && bytes_.empty(); }
    void start();
    /// @throws cancelled_error  it had not begun
    outcome await_resume();

    unique_fd take_descriptor() noexcept { return std::move(opened_); }
    const struct statx& status() const noexcept { return status_; }

private:
    struct native_operation : file_operation {
        native_operation(opcode c, file_call& o) noexcept : file_operation(c, completed), owner(o) {}
        static void completed(operation& op, const completion& c) {
            static_cast<native_operation&>(op).owner.ended(c.result);
        }
        file_call& owner;
    };
    file_call(opcode what, std::shared_ptr<file_core> file, const wait_kind& kind);

    void submit();
    void submit_job();
    void came_back();
    void ended(int result);
    void finish(int error) noexcept;
    bool withdraw() noexcept;
    bool is_transfer() const noexcept {
        return operation_.code == opcode::read_at || operation_.code == opcode::write_at;
    }
    static bool cancel_open(waiter& w);
    static bool cancel_begun(waiter& w);
    static const wait_kind open_kind_, make_kind_, read_kind_, write_kind_, sync_kind_, stat_kind_;

    native_operation operation_;
    std::shared_ptr<file_core> file_;
    std::span<std::byte> bytes_;  // to be moved
    std::int64_t offset_ = -1;  // of the first of them
    std::size_t moved_ = 0;
    std::unique_ptr<file_job, job_abandoner> job_;
    unique_fd opened_;
    struct statx status_{};
    int error_ = 0;
    bool over_ = false;
    unsigned cancelling_before_ = 0;
    std::exception_ptr refused_;  // why it was not taken on
};

}  // namespace weft::inline v0
