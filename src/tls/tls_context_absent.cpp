// SPDX-License-Identifier: Apache-2.0
// In place of the other files where weft is built with WEFT_WITH_TLS=OFF: programs link, and hear why TLS does not
// work.
#include "tls/check_context.hpp"

#include <weft/io/stream.hpp>
#include <weft/io/transport.hpp>
#include <weft/tls/start_tls.hpp>
#include <weft/tls/tls_context.hpp>
#include <weft/tls/tls_info.hpp>

#include <cerrno>
#include <system_error>

namespace weft::inline v0 {

namespace {
[[noreturn]] void throw_absent() {
    throw std::system_error(ENOSYS, std::generic_category(), "TLS: weft was built without it (WEFT_WITH_TLS=OFF)");
}
}  // namespace

tls_context tls_context::client(const tls_client_options&) { throw_absent(); }
tls_context tls_context::server(const std::string&, const std::string&, const tls_server_options&) { throw_absent(); }
tls_context tls_context::server(const tls_identity&, const tls_server_options&) { throw_absent(); }
bool tls_context::is_server() const noexcept { return false; }
void check_client_context(const std::string&, const tls_context&, const std::string&) {}
void check_server_context(const std::string&, const tls_context&) {}

task<> stream::start_tls(tls_context, start_tls_options) { throw_absent(); }
std::optional<tls_info> stream::tls() const { return std::nullopt; }
task<transport> start_tls(transport, std::shared_ptr<protocol>, tls_context, start_tls_options) { throw_absent(); }
task<transport> start_tls(transport, std::shared_ptr<buffered_protocol>, tls_context, start_tls_options) {
    throw_absent();
}
std::optional<tls_info> transport::tls() const { return std::nullopt; }

}  // namespace weft::inline v0
