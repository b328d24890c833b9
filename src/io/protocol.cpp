// SPDX-License-Identifier: Apache-2.0
#include <weft/io/protocol.hpp>

// What a protocol does about what it is not interested in: nothing.

namespace weft::inline v0 {

void base_protocol::connection_lost(std::exception_ptr) {}
void base_protocol::pause_writing() {}
void base_protocol::resume_writing() {}

void protocol::connection_made(transport) {}
void protocol::data_received(std::span<const std::byte>) {}
bool protocol::eof_received() { return false; }

void buffered_protocol::connection_made(transport) {}
bool buffered_protocol::eof_received() { return false; }

}  // namespace weft::inline v0
