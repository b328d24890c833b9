// SPDX-License-Identifier: Apache-2.0
#include <weft/http/server.hpp>

#include "http/server/server_connection.hpp"
#include "http/server/server_core.hpp"

#include <weft/base/errors.hpp>

#include <cstdio>
#include <utility>

namespace weft::inline v0::http {

server::server(handler answers, server_options options)
    : core_(
          std::make_shared<server_core>(std::make_shared<const server_setup>(std::move(answers), std::move(options)))) {
}
server::server(server&&) noexcept = default;
server& server::operator=(server&& other) noexcept {
    if (core_ && core_ != other.core_) core_->close();
    core_ = std::move(other.core_);
    return *this;
}
server::~server() {
    if (core_) core_->close();
}

task<> server::start() {
    const auto core = core_;
    co_await core->start();
}

task<> server::serve_forever() {
    const auto core = core_;
    if (core->is_closing()) throw invalid_state_error("http::server: it is closed");
    if (!core->listens()) co_await core->start();
    co_await core->serve_until_closed();
}

void server::close() noexcept { core_->close(); }

task<> server::wait_closed() {
    const auto core = core_;
    co_await core->wait_closed();
}

std::uint16_t server::port() const { return core_->listener().port(); }
std::size_t server::connections() const noexcept { return core_->connections(); }
std::size_t server::requests() const noexcept { return core_->requests(); }
task<> server::serve_connection(stream s) { return server_connection::serve(core_, std::move(s)); }

task<> serve(handler answers, server_options options) {
    server s(std::move(answers), std::move(options));
    co_await s.serve_forever();
}

void log_to_stderr(const access_record& record) {
    const address& client = record.asked.client();  // of which a proxy names the port but rarely
    std::string line = client.port == 0 && !client.host.empty() ? client.host : client.to_string();
    line.append(" \"").append(to_string(record.asked.method())).append(" ");
    for (const char c : record.asked.target()) line += c == '"' || c == '\\' ? '?' : c;
    const double milliseconds = std::chrono::duration<double, std::milli>(record.duration).count();
    std::fprintf(stderr, "%s HTTP/1.%u\" %d %llu %.3f ms\n", line.c_str(), record.asked.minor_version(),
                 to_number(record.status), static_cast<unsigned long long>(record.body_bytes), milliseconds);
}

}  // namespace weft::inline v0::http
