// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"

#include <functional>
#include <memory>
#include <span>
#include <utility>

namespace weft::inline v0 {

/// A backend before another one, to be derived from: what is not overridden, that one does.
class backend_decorator : public backend {
public:
    const char* name() const noexcept override { return real_->name(); }
    void submit(operation& op) override { real_->submit(op); }
    void cancel(operation& op) noexcept override { real_->cancel(op); }
    void pause(receive_operation& op) noexcept override { real_->pause(op); }
    void resume(receive_operation& op) override { real_->resume(op); }
    void expect(send_operation& op) noexcept override { real_->expect(op); }
    bool carries_files() const noexcept override { return real_->carries_files(); }
    std::ptrdiff_t try_send(native_handle fd, std::span<const std::byte> bytes) noexcept override {
        return real_->try_send(fd, bytes);
    }
    std::ptrdiff_t try_send_pieces(native_handle fd,
                                   std::span<const std::span<const std::byte>> pieces) noexcept override {
        return real_->try_send_pieces(fd, pieces);
    }
    std::ptrdiff_t try_write(native_handle fd, std::span<const std::byte> bytes) noexcept override {
        return real_->try_write(fd, bytes);
    }
    int try_send_message(const send_message_operation& op) noexcept override { return real_->try_send_message(op); }
    void claim(native_handle fd) override { real_->claim(fd); }
    bool is_claimed(native_handle fd) const noexcept override { return real_->is_claimed(fd); }
    void close(native_handle fd) noexcept override { real_->close(fd); }
    bool wait(nanos deadline) override { return real_->wait(deadline); }
    void dispatch() override { real_->dispatch(); }
    bool has_happened() const noexcept override { return real_->has_happened(); }
    void for_each_submitted(const std::function<void(const operation&)>& visit) const override {
        real_->for_each_submitted(visit);
    }
    void set_observer(loop_observer* o) noexcept override { real_->set_observer(o); }
    void flush() override { real_->flush(); }
    void wake() noexcept override { real_->wake(); }
    void abandon() noexcept override { real_->abandon(); }
    native_handle poll_fd() const noexcept override { return real_->poll_fd(); }
    nanos now() const noexcept override { return real_->now(); }

protected:
    explicit backend_decorator(std::unique_ptr<backend> real) : backend(real->buffers()), real_(std::move(real)) {}

    std::unique_ptr<backend> real_;
};

}  // namespace weft::inline v0
