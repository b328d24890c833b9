// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>
#include <weft/process/process.hpp>
#include <weft/process/subprocess_protocol.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <span>

namespace weft::inline v0 {

/// The state of a subprocess transport: the child, the transports of its pipes, and what is not over yet. Kept by the task
/// that waits for the child, by the protocols of its pipes, and by handles.
class subprocess_core final : public loop_resource, public std::enable_shared_from_this<subprocess_core> {
public:
    subprocess_core(process child, std::shared_ptr<subprocess_protocol> p);

    /// Connects the pipes and makes the protocol.
    task<> connect();

    process& child() noexcept { return child_; }
    transport pipe(int fd) const { return fd >= 0 && fd < 3 ? pipes_[static_cast<std::size_t>(fd)] : transport(); }
    const std::shared_ptr<subprocess_protocol>& protocol() const noexcept { return protocol_; }
    void close();
    bool is_closing() const noexcept { return closed_; }
    const future<>& over() const noexcept { return over_; }
    /// The protocol, which mostly has a handle, and with that this, is let go of without a call.
    void loop_closes() noexcept override;

    void pipe_data_received(int fd, std::span<const std::byte> data);
    void pipe_connection_lost(int fd, const std::exception_ptr& error);
    void pause_writing() {
        call("pause_writing", [this] { protocol_->pause_writing(); });
    }
    void resume_writing() {
        call("resume_writing", [this] { protocol_->resume_writing(); });
    }

private:
    static task<> watch(std::shared_ptr<subprocess_core> self);
    void exited();
    void finish_if_over();
    template <class F>
    void call(const char* name, F callback);

    event_loop& loop_;
    process child_;
    std::shared_ptr<subprocess_protocol> protocol_;
    std::array<transport, 3> pipes_;
    int open_pipes_ = 0;
    bool made_ = false, exited_ = false, closed_ = false;
    future<> over_;
};

}  // namespace weft::inline v0
