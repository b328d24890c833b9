// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_core.hpp"

#include <weft/base/errors.hpp>
#include <weft/http/websocket.hpp>

#include <utility>

namespace weft::inline v0::http {

namespace {

const std::shared_ptr<websocket_core>& require(const std::shared_ptr<websocket_core>& core) {
    if (!core) throw invalid_state_error("websocket: it was moved from");
    return core;
}

}  // namespace

websocket::websocket(stream s, websocket_role role, const websocket_options& options)
    : core_(std::make_shared<websocket_core>(std::move(s), role, options, websocket_agreement{})) {
    core_->start();
}
websocket::websocket(std::shared_ptr<websocket_core> core) noexcept : core_(std::move(core)) {}
websocket::websocket(websocket&&) noexcept = default;
websocket& websocket::operator=(websocket&& other) noexcept {
    if (const auto old = std::exchange(core_, std::move(other.core_))) old->release();
    return *this;
}
websocket::~websocket() {
    if (core_) core_->release();
}

task<std::optional<websocket_message>> websocket::receive() { return websocket_core::receive(require(core_)); }
output_awaiter websocket::send_text(std::string_view text) {
    return require(core_)->send(websocket_opcode::text, text);
}
output_awaiter websocket::send_binary(std::span<const std::byte> bytes) {
    return require(core_)->send(websocket_opcode::binary, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}
output_awaiter websocket::ping(std::string_view payload) { return require(core_)->ping(payload); }
task<> websocket::close(std::uint16_t code, std::string reason) {
    return websocket_core::close(require(core_), code, std::move(reason));
}

std::optional<std::uint16_t> websocket::close_code() const noexcept { return core_->close_code(); }
const std::string& websocket::close_reason() const noexcept { return core_->close_reason(); }
bool websocket::is_open() const noexcept { return core_->is_open(); }
const std::string& websocket::subprotocol() const noexcept { return core_->agreed().subprotocol; }
bool websocket::is_compressed() const noexcept { return core_->agreed().deflate.has_value(); }
std::size_t websocket::write_buffer_size() const noexcept { return core_->write_buffer_size(); }
address websocket::peer() const { return require(core_)->peer(); }

}  // namespace weft::inline v0::http
