// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/utf8.hpp"
#include "http/websocket/room_member.hpp"

#include <weft/base/errors.hpp>
#include <weft/http/room.hpp>

#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

room::room(const room_options& options) : core_(std::make_unique<room_core>(options)) {}
room::~room() {
    while (!core_->members.empty()) core_->members.front().unlink();
}

room::member::member(std::shared_ptr<room_member> m) noexcept : member_(std::move(m)) {}
room::member::member(member&& other) noexcept = default;
room::member& room::member::operator=(member&& other) noexcept {
    std::swap(member_, other.member_);
    return *this;
}
room::member::~member() {
    if (!member_) return;
    member_->leave();
    if (member_->is_linked()) member_->unlink();
}
std::size_t room::member::missed() const noexcept { return member_->missed(); }

room::member room::join(websocket& ws) {
    if (!ws.core_) throw invalid_state_error("room: the websocket was moved from");
    auto m = std::make_shared<room_member>(ws.core_, core_->options);
    core_->members.push_back(*m);
    return member(std::move(m));
}

namespace {

void say(intrusive_list<room_member>& members, const room_member* except, shared_frames frames) {
    for (room_member& m : members) {
        if (&m != except) m.take(frames);
    }
}

}  // namespace

void room::send_text(std::string_view text, const member* except) {
    if (!is_utf8(text)) throw std::invalid_argument("websocket: a text is not UTF-8");
    say(core_->members, except ? except->member_.get() : nullptr, {websocket_opcode::text, text});
}
void room::send_binary(std::span<const std::byte> bytes, const member* except) {
    const std::string_view payload(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    say(core_->members, except ? except->member_.get() : nullptr, {websocket_opcode::binary, payload});
}

std::size_t room::size() const noexcept {
    std::size_t count = 0;
    for (auto at = core_->members.begin(); at != core_->members.end(); ++at) ++count;
    return count;
}

}  // namespace weft::inline v0::http
