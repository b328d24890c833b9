// SPDX-License-Identifier: Apache-2.0
#include "process/subprocess_core.hpp"

#include "loop/report.hpp"

#include <weft/io/connect_protocol.hpp>

#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

/// Brings what happens on one of the pipes.
class pipe_protocol final : public weft::protocol {
public:
    pipe_protocol(std::shared_ptr<subprocess_core> c, int fd) noexcept : core_(std::move(c)), fd_(fd) {}

private:
    void connection_made(transport t) override { t.pause_reading(); }  // until the others are there, too
    void data_received(std::span<const std::byte> data) override { core_->pipe_data_received(fd_, data); }
    void connection_lost(std::exception_ptr error) override { core_->pipe_connection_lost(fd_, error); }
    void pause_writing() override { core_->pause_writing(); }
    void resume_writing() override { core_->resume_writing(); }

    std::shared_ptr<subprocess_core> core_;
    int fd_;
};

}  // namespace

subprocess_core::subprocess_core(process child, std::shared_ptr<subprocess_protocol> p)
    : loop_(get_running_loop()), child_(std::move(child)), protocol_(std::move(p)), over_(loop_) {
    loop_.attach(*this);
}

void subprocess_core::loop_closes() noexcept {
    const auto keep = shared_from_this();
    closed_ = true;
    pipes_ = {};
    const auto last = std::move(protocol_);
}

/// Calls back; what that throws is reported.
template <class F>
void subprocess_core::call(const char* name, F callback) {
    if (!protocol_) return;
    const auto keep = protocol_;
    try {
        callback();
    } catch (...) {
        report(loop_, "Exception in callback of a protocol", std::current_exception(),
               [&](error_context& c) { c.message = std::string("Exception in callback protocol.") + name + "()"; });
    }
}

task<> subprocess_core::connect() {
    const auto self = shared_from_this();
    stream* const ends[] = {&child_.stdin_, &child_.stdout_, &child_.stderr_};
    for (int fd = 0; fd < 3; ++fd) {
        const auto i = static_cast<std::size_t>(fd);
        if (!*ends[i]) continue;
        pipes_[i] = co_await connect_protocol(std::move(*ends[i]), std::make_shared<pipe_protocol>(self, fd));
        ++open_pipes_;
    }
    // From the loop, in no task, as every callback.
    future<> made(loop_);
    loop_.call_soon([self, made]() mutable {
        if (!self->protocol_) return;
        self->made_ = true;
        self->call("connection_made", [&] { self->protocol_->connection_made(subprocess_transport(self)); });
        for (const transport& each : self->pipes_) {
            if (each) each.resume_reading();
        }
        if (!made.done()) made.set_result();
    });
    spawn(watch(self));
    co_await made;
}

task<> subprocess_core::watch(std::shared_ptr<subprocess_core> self) {
    co_await self->child_.wait();
    self->loop_.call_soon([self] { self->exited(); });
}

void subprocess_core::exited() {
    exited_ = true;
    call("process_exited", [this] { protocol_->process_exited(); });
    // Nobody may read its stdin any more; what is unsent goes to whoever does, or is in vain.
    if (pipes_[0]) pipes_[0].close();
    finish_if_over();
}

void subprocess_core::pipe_data_received(int fd, std::span<const std::byte> data) {
    call("pipe_data_received", [&] { protocol_->pipe_data_received(fd, data); });
}

void subprocess_core::pipe_connection_lost(int fd, const std::exception_ptr& error) {
    --open_pipes_;
    call("pipe_connection_lost", [&] { protocol_->pipe_connection_lost(fd, error); });
    finish_if_over();
}

void subprocess_core::finish_if_over() {
    if (!exited_ || open_pipes_ > 0) return;
    loop_.call_soon([self = shared_from_this()] {
        if (!self->protocol_) return;
        self->closed_ = true;
        self->call("connection_lost", [&] { self->protocol_->connection_lost(nullptr); });
        self->protocol_.reset();
        self->over_.set_result();
    });
}

void subprocess_core::close() {
    if (std::exchange(closed_, true)) return;
    if (!made_) protocol_.reset();
    for (const transport& each : pipes_) {
        if (each) each.close();
    }
    if (child_.status()) return;
    try {
        child_.kill();
    } catch (const std::system_error&) {  // it has just ended, or has become another user's
    }
}

}  // namespace weft::inline v0
