// SPDX-License-Identifier: Apache-2.0
#include <weft/http/request.hpp>

#include "http/multipart/multipart_body.hpp"
#include "http/server/request_core.hpp"
#include "http/server/route_tree.hpp"

#include <weft/base/errors.hpp>
#include <weft/http/path.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace weft::inline v0::http {

namespace {

/// What a request has left that has been answered.
class no_body final : public body_source {
    task<std::size_t> read_some(std::span<std::byte>) override { refuse(); }
    task<std::string> read_all() override { refuse(); }
    address peer() const override { refuse(); }
    bool is_secure() const noexcept override { return false; }

    [[noreturn]] static void refuse() {
        throw invalid_state_error("http: a request is used after it has been answered");
    }
};
constinit no_body answered;

}  // namespace

bool request_core::begin(body_source& from, std::uint64_t limit_bytes) {
    source = &from;
    body_limit = limit_bytes;
    path = head.path();
    const bool is_plain = path.find_first_of("%\\") == std::string_view::npos && !path.contains("/.");
    if (is_plain || !path.starts_with('/')) return true;  // that of OPTIONS * and of CONNECT is none
    try {
        path = decoded_path = decode_path(path);
    } catch (const http_error&) {
        return false;
    }
    return true;
}

void request_core::end() noexcept {
    source = &answered;
    client.reset();
    query_params.reset();
    cookies.reset();
    if (form) std::exchange(form, nullptr)->end();
    unread = {};  // its memory is not kept: it may be a form's
    unread_at = 0;
    found = nullptr;
    answering = nullptr;
    values.clear();
    locals.clear();
    error_headers.clear();
}

method request::method() const noexcept { return core_->head.method; }
std::string_view request::target() const noexcept { return core_->head.target(); }
std::string_view request::path() const noexcept { return core_->path; }
std::string_view request::query() const noexcept { return core_->head.query(); }
const headers& request::headers() const noexcept { return core_->head.fields; }
unsigned request::minor_version() const noexcept { return static_cast<unsigned>(core_->head.minor_version); }

std::string_view request::parameter(std::string_view name) const {
    if (const http::route* const r = core_->found) {
        const auto place = std::ranges::find(r->parameters, name);
        const auto index = static_cast<std::size_t>(place - r->parameters.begin());
        if (index < core_->values.size()) return core_->values[index];
    }
    throw std::out_of_range("http::request: the route has no parameter '" + std::string(name) + "'");
}

std::string_view request::route() const noexcept { return core_->found ? core_->found->pattern : std::string_view(); }

const address& request::client() const {
    if (!core_->client) core_->client = core_->source->peer();
    return *core_->client;
}
std::string_view request::scheme() const noexcept { return core_->source->is_secure() ? "https" : "http"; }
std::string_view request::host() const noexcept { return core_->head.host(); }

bool request::has_body() const noexcept { return core_->head.body != framing::none; }
std::optional<std::uint64_t> request::content_length() const noexcept {
    if (core_->head.body == framing::counted) return core_->head.content_length;
    return std::nullopt;
}
void request::set_body_limit(std::uint64_t bytes) noexcept { core_->body_limit = bytes; }

task<std::string> request::body() {
    if (core_->unread.empty()) return core_->source->read_all();
    return [](request_core& core) -> task<std::string> {
        std::string all = std::exchange(core.unread, {}).substr(std::exchange(core.unread_at, 0));
        co_return all += co_await core.source->read_all();
    }(*core_);
}

task<std::size_t> request::read_some(std::span<std::byte> buffer) {
    if (core_->unread.empty()) return core_->source->read_some(buffer);
    return [](request_core& core, std::span<std::byte> into) -> task<std::size_t> {
        const std::string_view left = std::string_view(core.unread).substr(core.unread_at, into.size());
        std::memcpy(into.data(), left.data(), left.size());
        core.unread_at += left.size();
        if (core.unread_at == core.unread.size()) {
            core.unread.clear();
            core.unread_at = 0;
        }
        co_return left.size();
    }(*core_, buffer);
}

void request::put_back(std::string bytes) {
    core_->unread = std::move(bytes.append(core_->unread, core_->unread_at));
    core_->unread_at = 0;
}

headers& request::error_headers() noexcept { return core_->error_headers; }

void* request::find_local(std::type_index type) const noexcept {
    for (const auto& [of, value] : core_->locals) {
        if (of == type) return value.get();
    }
    return nullptr;
}
void request::add_local(std::type_index type, std::shared_ptr<void> value) {
    core_->locals.emplace_back(type, std::move(value));
}

}  // namespace weft::inline v0::http
