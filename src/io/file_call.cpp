// SPDX-License-Identifier: Apache-2.0
#include "io/file_call.hpp"

#include "loop/backend.hpp"

#include <weft/base/errors.hpp>
#include <weft/exec/default_pool.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weft::inline v0 {

namespace {
constexpr std::size_t job_bytes = 1024 * 1024;  // what a job moves at most
constexpr std::size_t call_bytes = 0x7ffff000;  // what a system call moves at most
void ignore(operation&, const completion&) {}
}  // namespace

// On a thread of the pool

file_job::file_job(const file_operation& op, std::shared_ptr<file_core> file, bool fill)
    : operation_(op.code, ignore), file_(std::move(file)), fill_(fill), result_(op.code == opcode::open ? -EBADF : 0) {
    operation_.fd = op.fd;
    operation_.flags = op.flags;
    operation_.mode = op.mode;
    operation_.offset = op.offset;
    operation_.status = &status_;
    if (op.path) text_ = op.path;
    if (op.code == opcode::write_at) text_.assign(reinterpret_cast<const char*>(op.bytes.data()), op.bytes.size());
    if (op.code == opcode::read_at)
        text_.resize_and_overwrite(op.bytes.size(), [](char*, std::size_t size) { return size; });
    operation_.path = text_.c_str();
    operation_.bytes = std::as_writable_bytes(std::span(text_));
}

file_job::~file_job() {
    if (operation_.code == opcode::open && result_ >= 0) ::close(result_);  // nobody wanted it any more
}

void file_job::call() noexcept {
    if (operation_.code != opcode::read_at && operation_.code != opcode::write_at) {
        result_ = perform(operation_);
        return;
    }
    while (!operation_.bytes.empty()) {
        const int moved = perform(operation_);
        at_end_ = moved == 0;
        if (moved < 0 && result_ == 0) result_ = moved;  // else it is told when the rest is asked for
        if (moved <= 0) return;
        result_ += moved;
        operation_.bytes = operation_.bytes.subspan(static_cast<std::size_t>(moved));
        if (operation_.offset >= 0) operation_.offset += moved;
        if (!fill_) return;
    }
}

int file_job::take_result() {
    if (error_) std::rethrow_exception(std::move(error_));
    return std::exchange(result_, -EBADF);
}

void file_job::copy_read(std::span<std::byte> into) const noexcept {
    std::memcpy(into.data(), text_.data(), std::min(into.size(), text_.size()));
}

// On the loop's

const wait_kind file_call::open_kind_ = {.name = "file open", .cancel = &file_call::cancel_open};
const wait_kind file_call::make_kind_ = {.name = "file open", .cancel = &file_call::cancel_begun};
const wait_kind file_call::read_kind_ = {.name = "file read", .cancel = &file_call::cancel_begun};
const wait_kind file_call::write_kind_ = {.name = "file write", .cancel = &file_call::cancel_begun};
const wait_kind file_call::sync_kind_ = {.name = "file sync", .cancel = &file_call::cancel_begun};
const wait_kind file_call::stat_kind_ = {.name = "file status", .cancel = &file_call::cancel_begun};

file_call::file_call(opcode what, std::shared_ptr<file_core> file, const wait_kind& kind)
    : waiter(kind), operation_(what, *this), file_(std::move(file)) {
    if (!file_) return;
    operation_.fd = file_->fd.get();
    ++file_->operations;
}
file_call::file_call(const char* path, int flags, mode_t mode)
    : file_call(opcode::open, nullptr, flags & O_EXCL ? make_kind_ : open_kind_) {
    operation_.path = path;
    operation_.flags = flags;
    operation_.mode = mode;
}
file_call::file_call(opcode what, std::shared_ptr<file_core> file, int flags)
    : file_call(what, std::move(file), what == opcode::sync ? sync_kind_ : stat_kind_) {
    operation_.flags = flags;
    operation_.status = &status_;
}
file_call::file_call(opcode what, std::shared_ptr<file_core> file, std::span<std::byte> bytes, std::int64_t offset)
    : file_call(what, std::move(file), what == opcode::read_at ? read_kind_ : write_kind_) {
    bytes_ = bytes;
    offset_ = offset;
}

file_call::~file_call() {
    if (operation_.is_submitted()) loop().operations().cancel(operation_);
    if (file_) --file_->operations;
}

void file_call::start() {
    cancelling_before_ = task()->cancelling();
    submit();
}

/// What is still to be done, or as much of it as goes at once.
void file_call::submit() {
    const bool native = loop().operations().carries_files();
    if (is_transfer()) {
        const auto rest = bytes_.subspan(moved_);
        operation_.bytes = rest.first(std::min(rest.size(), native ? call_bytes : job_bytes));
        operation_.offset = offset_ < 0 ? -1 : offset_ + static_cast<std::int64_t>(moved_);
    }
    try {
        if (native) {
            loop().operations().submit(operation_);
        } else {
            submit_job();
        }
    } catch (...) {
        refused_ = std::current_exception();
        finish(0);
    }
}

void file_call::submit_job() {
    const bool fill = operation_.code == opcode::write_at || offset_ >= 0;
    job_.reset(new file_job(operation_, file_, fill));
    job_->notify([](void* self) { static_cast<file_call*>(self)->came_back(); }, this);
    job_->submit(default_pool(loop()), loop());
}

void file_call::came_back() {
    try {
        const int result = job_->take_result();
        if (result > 0 && operation_.code == opcode::read_at)
            job_->copy_read(operation_.bytes.first(static_cast<std::size_t>(result)));
        if (operation_.code == opcode::stat) status_ = job_->status();
        ended(result);
    } catch (...) {
        refused_ = std::current_exception();
        finish(0);
    }
}

void file_call::ended(int result) {
    if (result == -EINTR) return submit();
    if (result < 0) return finish(-result);
    if (operation_.code == opcode::open) opened_.reset(result);
    if (!is_transfer()) return finish(0);
    moved_ += static_cast<std::size_t>(result);
    if (moved_ == bytes_.size()) return finish(0);
    if (operation_.code == opcode::write_at) return result == 0 ? finish(EIO) : submit();
    // A read may be short for reasons of the kernel's: the file has ended when it brings nothing. What has no positions
    // may make us wait for more: there it gives what it has.
    const bool ends = result == 0 || offset_ < 0 || (job_ && job_->at_end());
    return ends ? finish(0) : submit();
}

void file_call::finish(int error) noexcept {
    error_ = error;
    over_ = true;
    wake();
}

/// Of a job that no thread has begun. @return false if one has
bool file_call::withdraw() noexcept {
    if (over_ || moved_ > 0 || !job_ || !job_->withdraw()) return false;
    job_.reset();
    return true;
}

bool file_call::cancel_open(waiter& w) {
    auto& self = static_cast<file_call&>(w);
    self.loop().operations().cancel(self.operation_);
    self.job_.reset();
    self.wake();
    return false;
}

bool file_call::cancel_begun(waiter& w) {
    auto& self = static_cast<file_call&>(w);
    if (self.withdraw()) {
        self.wake();
        return false;
    }
    // A request waits for the next await. What a scope asks for, that await finds out by itself.
    task_core& t = *self.task();
    if (!t.must_cancel() || t.cancelling() > self.cancelling_before_) t.postpone_cancellation();
    self.cancelling_before_ = t.cancelling();
    return true;
}

file_call::outcome file_call::await_resume() {
    if (!over_ && !await_ready()) {
        this->resumed();
        throw cancelled_error();  // it never began, and the cancellation has been taken back since
    }
    return {.moved = moved_, .error = error_, .refused = std::move(refused_)};
}

}  // namespace weft::inline v0
