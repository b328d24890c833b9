// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client.hpp>

#include "http/client/client_call.hpp"
#include "http/client/client_core.hpp"

namespace weft::inline v0::http {

client::client(client_options options) : core_(std::make_shared<client_core>(std::move(options))) {}
client::client(client&&) noexcept = default;
client& client::operator=(client&& other) noexcept {
    if (core_ && core_ != other.core_) core_->pool().close();
    core_ = std::move(other.core_);
    return *this;
}
client::~client() {
    if (core_) core_->pool().close();
}

task<client_response> client::request(method m, std::string url, request_options options) {
    return ask(core_, m, std::move(url), std::move(options));
}

task<client_response> client::get(std::string url, request_options o) {
    return request(method::get, std::move(url), std::move(o));
}
task<client_response> client::head(std::string url, request_options o) {
    return request(method::head, std::move(url), std::move(o));
}
task<client_response> client::del(std::string url, request_options o) {
    return request(method::delete_, std::move(url), std::move(o));
}
task<client_response> client::options(std::string url, request_options o) {
    return request(method::options, std::move(url), std::move(o));
}
task<client_response> client::post(std::string url, request_body body, request_options o) {
    return send(method::post, std::move(url), std::move(body), std::move(o));
}
task<client_response> client::put(std::string url, request_body body, request_options o) {
    return send(method::put, std::move(url), std::move(body), std::move(o));
}
task<client_response> client::patch(std::string url, request_body body, request_options o) {
    return send(method::patch, std::move(url), std::move(body), std::move(o));
}

task<client_response> client::send(method m, std::string url, request_body body, request_options o) {
    o.body = std::move(body);
    return ask(core_, m, std::move(url), std::move(o));
}

task<client_response> client::ask(std::shared_ptr<client_core> core, method m, std::string url, request_options o) {
    client_call call(std::move(core), m, url, std::move(o));
    co_return client_response(co_await call.run());
}

cookie_jar& client::cookies() noexcept { return core_->cookies(); }
std::size_t client::connections() const noexcept { return core_->pool().connections(); }
std::size_t client::idle_connections() const noexcept { return core_->pool().idle_connections(); }
void client::close_idle() noexcept { core_->pool().close_idle(); }

}  // namespace weft::inline v0::http
