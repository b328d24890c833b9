// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_core.hpp"

#include "http/server/server_connection.hpp"
#include "http/server/server_threads.hpp"

#include <weft/base/errors.hpp>
#include <weft/http/date.hpp>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// So many are kept for the next requests; with more at a time the others are made anew.
constexpr std::size_t spare_exchanges = 64;
/// An output that has grown larger is not kept.
constexpr std::size_t kept_output_bytes = 128 * 1024;

}  // namespace

server_core::server_core(std::shared_ptr<const server_setup> setup, unsigned thread)
    : setup_(std::move(setup)), thread_(thread) {}
server_core::~server_core() { timer_.cancel(); }

void server_core::close() noexcept {
    closing_ = true;
    if (listener_) listener_->close();
    for (server_connection& c : connections_) c.drain();
    if (others_) others_->close();
    while (!waiters_.empty()) waiters_.pop_front().closed.set_result();
}

void server_core::abort() {
    close();
    if (listener_) listener_->cancel_connections();
}

weft::server& server_core::listener() {
    if (!listener_) throw invalid_state_error("http::server: it has not been started");
    return *listener_;
}

void server_core::add(server_connection& c) {
    connections_.push_back(c);
    connection_count_ += 1;
    if (sweeps_) return;
    sweeps_ = true;
    sweep();
}

void server_core::remove(server_connection& c) noexcept {
    c.unlink();
    connection_count_ -= 1;
}

std::size_t server_core::connections() const noexcept {
    return connection_count_ + (others_ ? others_->connections() : 0);
}
std::size_t server_core::requests() const noexcept { return answering_ + (others_ ? others_->requests() : 0); }

std::unique_ptr<exchange> server_core::take_exchange() {
    if (spare_.empty()) {
        return std::make_unique<exchange>(head_limits{
            .line_bytes = limits().request_line_bytes, .head_bytes = limits().head_bytes, .fields = limits().fields});
    }
    auto taken = std::move(spare_.back());
    spare_.pop_back();
    return taken;
}

void server_core::give_back(std::unique_ptr<exchange> e) noexcept {
    if (spare_.size() >= spare_exchanges || e->output.capacity() > kept_output_bytes) return;
    e->request.end();
    e->output.clear();
    try {
        spare_.push_back(std::move(e));
    } catch (const std::bad_alloc&) {  // then it is not kept
    }
}

/// Looks at every connection, and comes again in a second while there are any.
void server_core::sweep() {
    ++tick_;
    date_line_ =
        "Date: " + format_date(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())) + "\r\n";
    for (server_connection& c : connections_) c.look();
    sweeps_ = !connections_.empty();
    if (sweeps_) {
        timer_ = get_running_loop().call_later(std::chrono::seconds(1), [weak = weak_from_this()] {
            if (const auto core = weak.lock()) core->sweep();
        });
    }
}

}  // namespace weft::inline v0::http
