// SPDX-License-Identifier: Apache-2.0
// A connection that is reset after any byte of what is said on it, over TCP and Unix sockets, of streams and protocols:
// somebody is told, another client is served on, nothing is left.
#include "io/temporary_folder.hpp"
#include "net/breaking_connections.hpp"

using namespace weft_test;

namespace {

TEST(server_resets, after_any_byte_between_streams) { breaking_connections({}).reset_after_every(); }

TEST(server_resets, after_any_byte_between_protocols) {
    breaking_connections({.by_protocols = true}).reset_after_every();
}

TEST(server_resets, after_any_byte_on_unix_sockets) {
    const temporary_folder folder;
    breaking_connections({.unix_path = folder / "streams"}).reset_after_every();
    breaking_connections({.by_protocols = true, .unix_path = folder / "protocols"}).reset_after_every();
}

TEST(server_faults_between_protocols, tell_somebody_whichever_operation_fails) {
    breaking_connections({.by_protocols = true}).fail_every();
}

TEST(server_faults_on_unix_sockets, tell_somebody_whichever_operation_fails) {
    const temporary_folder folder;
    breaking_connections({.unix_path = folder / "streams"}).fail_every();
    breaking_connections({.by_protocols = true, .unix_path = folder / "protocols"}).fail_every();
}

}  // namespace
