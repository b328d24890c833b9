// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"

#include <memory>
#include <set>

namespace weft::inline v0 {

/// A backend on a virtual clock: the kernel is real, time is not. The clock stands still while anything can happen; when
/// a poll of the kernel brings nothing and no external work is outstanding, it jumps to the deadline waited for.
///
/// External is what somebody outside this loop may complete: a descriptor polled for the program, a call on
/// another thread, a connection whose other end is not in this loop. While such work is outstanding time passes as in the world. A listening socket is not
/// external by itself: a program that tests its own server would never get to its timers.
class virtual_backend final : public backend {
public:
    explicit virtual_backend(std::unique_ptr<backend> real);

    const char* name() const noexcept override { return real_->name(); }
    void submit(operation& op) override;
    void cancel(operation& op) noexcept override { real_->cancel(op); }
    void pause(receive_operation& op) noexcept override { real_->pause(op); }
    void resume(receive_operation& op) override { real_->resume(op); }
    bool carries_files() const noexcept override { return real_->carries_files(); }
    std::ptrdiff_t try_send(native_handle fd, std::span<const std::byte> bytes) noexcept override {
        return real_->try_send(fd, bytes);
    }
    std::ptrdiff_t try_send_pieces(native_handle fd,
                                   std::span<const std::span<const std::byte>> pieces) noexcept override {
        return real_->try_send_pieces(fd, pieces);
    }
    void close(native_handle fd) noexcept override;
    bool wait(nanos deadline) override;
    void dispatch() override { real_->dispatch(); }
    bool has_happened() const noexcept override { return real_->has_happened(); }
    void for_each_submitted(const std::function<void(const operation&)>& visit) const override {
        real_->for_each_submitted(visit);
    }
    void flush() override { real_->flush(); }
    void wake() noexcept override { real_->wake(); }
    void abandon() noexcept override { real_->abandon(); }
    native_handle poll_fd() const noexcept override { return real_->poll_fd(); }
    nanos now() const noexcept override { return now_; }

private:
    bool has_external_work() const;

    std::unique_ptr<backend> real_;
    std::set<native_handle> sockets_;  // that operations were submitted for and that are open
    nanos now_ = 1'000'000'000;  // not 0: a time that is "unset" should not look like the start
};

}  // namespace weft::inline v0
