// SPDX-License-Identifier: Apache-2.0
#include "testing/virtual_backend.hpp"

#include "io/socket_address.hpp"

namespace weft::inline v0 {

virtual_backend::virtual_backend(std::unique_ptr<backend> real) : backend_decorator(std::move(real)) {}

void virtual_backend::submit(operation& op) {
    if (op.code < opcode::poll) sockets_.insert(op.fd);
    real_->submit(op);
}

void virtual_backend::close(native_handle fd) noexcept {
    sockets_.erase(fd);
    real_->close(fd);
}

bool virtual_backend::wait(nanos deadline) {
    real_->wait(0);
    if (real_->has_happened() || deadline <= now_) return true;
    if (has_external_work()) {
        const nanos began = real_->now();
        real_->wait(deadline == never ? never : deadline_after(began, deadline - now_));
        now_ = std::min(deadline, deadline_after(now_, real_->now() - began));
        return true;
    }
    if (deadline == never) return false;
    now_ = deadline;
    return true;
}

bool virtual_backend::has_external_work() const {
    if (calls_elsewhere > 0) return true;
    std::set<address> here;
    for (const native_handle fd : sockets_) here.insert(local_address(fd));
    bool external = false;
    real_->for_each_submitted([&](const operation& op) {
        switch (op.code) {
            case opcode::accept: return;
            case opcode::hang_up:
            case opcode::receive_message:  // as with accept
            case opcode::send_message: return;
            case opcode::poll:
            case opcode::open:
            case opcode::read_at:
            case opcode::write_at:
            case opcode::sync:
            case opcode::stat: external = true; return;
            case opcode::connect: {
                const auto& c = static_cast<const connect_operation&>(op);
                external |= !here.contains(to_address(c.address, c.address_bytes));
                return;
            }
            case opcode::receive:
            case opcode::send:
            case opcode::writable: {
                if (op.is_pipe) {
                    external = true;
                    return;
                }
                // A connection whose other end is in the kernel's hands, not yet accepted here, will be soon.
                const address peer = peer_address(op.fd);
                external |= !peer.host.empty() && !here.contains(peer);
                return;
            }
        }
    });
    return external;
}

}  // namespace weft::inline v0
