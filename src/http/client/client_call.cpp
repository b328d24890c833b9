// SPDX-License-Identifier: Apache-2.0
#include "http/client/client_call.hpp"

#include "http/message/message_writer.hpp"

#include <weft/flow/sleep.hpp>
#include <weft/http/client_error.hpp>
#include <weft/tls/tls_error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// What says where a message ends, and when it is sent, is said by who knows.
constexpr std::array<std::string_view, 3> own_fields = {"Content-Length", "Transfer-Encoding", "Expect"};
/// What is meant for one origin, and nobody else is to see.
constexpr std::array<std::string_view, 4> fields_of_origin = {"Authorization", "Cookie", "Proxy-Authorization", "Host"};
/// What describes a body that is not sent any more.
constexpr std::array<std::string_view, 6> fields_of_body = {
    "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Disposition", "Digest"};

std::chrono::sys_seconds today() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

}  // namespace

client_call::client_call(std::shared_ptr<client_core> core, method m, const std::string& reference,
                         request_options options)
    : core_(std::move(core)),
      options_(std::move(options)),
      method_(m),
      url_(core_->to_url(reference, options_.query)),
      deadline_(name(), options_.timeouts.value_or(core_->options().timeouts)),
      redirects_left_(options_.max_redirects.value_or(core_->options().max_redirects)) {
    if (m == method::connect) throw std::invalid_argument("http::client: CONNECT is for proxies alone");
    headers& fields = options_.headers;
    const headers given = fields;
    for (const auto [field, value] : core_->options().headers) {
        if (!given.contains(field)) fields.add(field, value);
    }
    for (const std::string_view field : own_fields) {
        if (fields.contains(field))
            throw std::invalid_argument("http::client: " + std::string(field) + " is the client's to send");
    }
    if (url_.credentials()) fields.set_default("Authorization", basic_credentials(*url_.credentials()));
    if (fields.contains("Upgrade")) fields.set_default("Connection", "Upgrade");
    fields.set_default("User-Agent", "weft");
    fields.set_default("Accept", "*/*");
    // A part is wanted of the content as it is: of what was compressed it would be of no use.
    if (core_->options().decompress && has_content_decoder && !fields.contains("Range"))
        fields.set_default("Accept-Encoding", "gzip, deflate");
}

std::string client_call::name() const { return std::string(to_string(method_)) + " " + url_.to_string(); }

task<std::unique_ptr<client_exchange>> client_call::run() {
    for (;;) {
        auto exchange = co_await ask();
        keep_cookies(exchange->head());
        if (!is_redirect(exchange->head())) {
            if (core_->options().decompress) exchange->decompress();
            exchange->history() = std::move(history_);
            co_return exchange;
        }
        follow(exchange->head());
        co_await exchange->drain();
    }
}

// Retries

task<std::unique_ptr<client_exchange>> client_call::ask() {
    const retry_policy policy = options_.retries.value_or(core_->options().retries);
    std::chrono::nanoseconds pause = policy.backoff;
    bool was_stale = false;
    for (unsigned left = policy.retries;;) {
        attempt a{.needs_new_connection = was_stale};
        std::exception_ptr error;
        try {
            co_return co_await ask_once(a);
        } catch (const tls_error&) {
            throw;  // nor will it be trusted the next time
        } catch (const std::system_error&) {
            error = std::current_exception();
        } catch (const client_error& e) {
            if (e.code() != client_errc::cut_off) throw;
            error = std::current_exception();
        }
        if (!a.can_be_repeated || body_is_gone_ || !is_idempotent(method_)) std::rethrow_exception(error);
        if (a.was_on_used_connection && !was_stale) {
            was_stale = true;
            continue;
        }
        if (left-- == 0) std::rethrow_exception(error);
        co_await sleep(std::min(pause, policy.most));
        pause = std::min(pause, policy.most) * 2;
    }
}

task<std::unique_ptr<client_exchange>> client_call::ask_once(attempt& a) {
    const url* const proxy = core_->proxy_for(url_);
    client_lease lease =
        co_await deadline_.within(client_phase::pool, [&] { return core_->pool().acquire(core_->route(url_, proxy)); });
    if (a.needs_new_connection || !lease.was_used())
        lease.set_connection(co_await core_->connect(url_, proxy, deadline_));
    a.was_on_used_connection = lease.was_used();

    outgoing_request request = make_request(proxy);
    auto exchange =
        std::make_unique<client_exchange>(std::move(lease), deadline_, core_->options().limits, method_, url_);
    std::exception_ptr error;
    try {
        co_await exchange->send(request);
        co_await exchange->receive_head();
    } catch (...) {
        error = std::current_exception();
    }
    body_is_gone_ |= exchange->was_produced();
    a.can_be_repeated = !exchange->has_answer();
    if (error) std::rethrow_exception(error);
    co_return exchange;
}

// The request

outgoing_request client_call::make_request(const url* proxy) {
    request_body& body = options_.body;
    headers& fields = options_.headers;
    const bool is_for_proxy = proxy && !url_.is_secure();
    outgoing_request r = {.method = method_,
                          .body = &body,
                          .awaits_continue = options_.expect_continue && body.is_there_,
                          .asks_upgrade = fields.contains("Upgrade")};
    append_request_line(r.head, to_string(method_), is_for_proxy ? url_.origin() + url_.target() : url_.target());
    if (!fields.contains("Host")) append_field(r.head, "Host", url_.authority());
    append_fields(r.head, fields);
    if (core_->options().cookies && !fields.contains("Cookie")) {
        const std::string cookies = core_->cookies().cookies_for(url_, today());
        if (!cookies.empty()) append_field(r.head, "Cookie", cookies);
    }
    if (is_for_proxy && proxy->credentials() && !fields.contains("Proxy-Authorization"))
        append_field(r.head, "Proxy-Authorization", basic_credentials(*proxy->credentials()));
    if (body.is_there_) {
        if (!body.type_.empty() && !fields.contains("Content-Type")) append_field(r.head, "Content-Type", body.type_);
        if (body.writes_ && !body.size_) {
            append_field(r.head, "Transfer-Encoding", "chunked");
        } else {
            append_content_length(r.head, body.writes_ ? *body.size_ : body.text_.size());
        }
        if (r.awaits_continue) append_field(r.head, "Expect", "100-continue");
    } else if (method_ == method::post || method_ == method::put || method_ == method::patch) {
        append_content_length(r.head, 0);
    }
    append_end_of_fields(r.head);
    return r;
}

// Redirects and cookies

bool client_call::is_redirect(const response_head& head) const noexcept {
    switch (head.status) {
        case status::moved_permanently:
        case status::found:
        case status::see_other:
        case status::temporary_redirect:
        case status::permanent_redirect:
            return head.fields.contains("Location") &&
                   options_.max_redirects.value_or(core_->options().max_redirects) > 0;
        default: return false;
    }
}

/// The request becomes the one that the response asks for. @see fetch.spec.whatwg.org, HTTP-redirect fetch
void client_call::follow(const response_head& head) {
    const auto refuse = [this](client_errc code, const std::string& why) {
        throw client_error(code, deadline_.what() + ": " + why);
    };
    if (redirects_left_-- == 0) refuse(client_errc::too_many_redirects, "there are too many redirects");
    const auto locations = head.fields.get_all("Location");
    if (locations.size() > 1) refuse(client_errc::bad_redirect, "it is redirected to several places at once");
    std::optional<url> next;
    try {
        next = url_.resolve(locations.front());
    } catch (const std::invalid_argument& e) {
        refuse(client_errc::bad_redirect, std::string("it is redirected to no URL: ") + e.what());
    }
    if (next->scheme() != "http" && next->scheme() != "https")
        refuse(client_errc::bad_redirect, "it is redirected to " + next->to_string());
    if (url_.is_secure() && !next->is_secure() && !core_->options().allow_downgrade)
        refuse(client_errc::bad_redirect, "it is redirected from https to " + next->to_string());

    headers& fields = options_.headers;
    const bool becomes_get =
        head.status == status::see_other
            ? method_ != method::head && method_ != method::get
            : method_ == method::post && (head.status == status::moved_permanently || head.status == status::found);
    if (becomes_get) {
        method_ = method::get;
        options_.body = {};
        for (const std::string_view name : fields_of_body) fields.remove(name);
    } else if (options_.body.is_there_ && body_is_gone_) {
        refuse(client_errc::bad_redirect, "it is redirected, and its body cannot be sent again");
    }
    if (next->origin() != url_.origin()) {
        for (const std::string_view name : fields_of_origin) fields.remove(name);
    }
    history_.push_back(std::exchange(url_, std::move(*next)));
    deadline_.rename(name());
}

void client_call::keep_cookies(const response_head& head) {
    if (!core_->options().cookies) return;
    for (const std::string_view given : head.fields.get_all("Set-Cookie")) core_->cookies().store(url_, given, today());
}

}  // namespace weft::inline v0::http
