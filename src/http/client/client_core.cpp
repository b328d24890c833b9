// SPDX-License-Identifier: Apache-2.0
#include "http/client/client_core.hpp"

#include "http/message/head_parser.hpp"
#include "http/message/message_writer.hpp"

#include <weft/http/client_error.hpp>
#include <weft/net/connection.hpp>

#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

namespace {

task<stream> connect_by_tcp(const origin& to) { return open_connection(to.host, to.port); }

origin origin_of(const url& u) { return {u.scheme(), u.host(), u.port()}; }

/// "host:port", the port always, as a tunnel is asked for.
std::string host_and_port(const url& u) {
    return (u.is_ipv6() ? "[" + u.host() + "]" : u.host()) + ":" + std::to_string(u.port());
}

}  // namespace

client_core::client_core(client_options options)
    : options_(std::move(options)), pool_(std::make_shared<client_pool>(options_.connections)), tls_(options_.tls) {
    if (options_.proxy) proxy_ = client_proxy(*options_.proxy);
    if (!options_.base_url.empty()) base_.emplace(options_.base_url);
    if (!options_.connector) options_.connector = connect_by_tcp;
}

url client_core::to_url(std::string_view reference, const form& query) const {
    std::string text(reference);
    if (!query.empty()) {
        text.erase(std::min(text.find('#'), text.size()));
        text.append(text.contains('?') ? "&" : "?").append(query.to_string());
    }
    url found = base_ ? base_->resolve(text) : url(text);
    if (found.scheme() != "http" && found.scheme() != "https")
        throw std::invalid_argument("http::client: the scheme of " + found.to_string() + " is neither http nor https");
    return found;
}

std::string client_core::route(const url& to, const url* proxy) {
    if (!proxy) return to.origin();
    return (to.is_secure() ? to.origin() + " by " : "by ") + host_and_port(*proxy);
}

task<stream> client_core::connect(const url& to, const url* proxy, client_deadline& deadline) {
    const origin first = origin_of(proxy ? *proxy : to);
    stream s = co_await deadline.within(client_phase::connect, [&] { return options_.connector(first); });
    if (!s) throw std::invalid_argument("http::client: the connector has given no connection");
    if (!to.is_secure()) co_return s;
    if (proxy) co_await deadline.within(client_phase::connect, [&] { return tunnel(s, to, *proxy, deadline.what()); });
    co_await deadline.within(client_phase::tls, [&] { return s.start_tls(tls(), {.server_hostname = to.host()}); });
    co_return s;
}

/// Has a proxy connect to a server. @see RFC 9110 9.3.6
task<> client_core::tunnel(stream& s, const url& to, const url& proxy, const std::string& what) const {
    std::string head;
    append_request_line(head, "CONNECT", host_and_port(to));
    append_field(head, "Host", host_and_port(to));
    if (proxy.credentials()) append_field(head, "Proxy-Authorization", basic_credentials(*proxy.credentials()));
    append_end_of_fields(head);
    co_await s.write(head);

    const auto refuse = [&](client_errc code, std::string_view why) {
        throw client_error(code, what + ": the proxy " + host_and_port(proxy) + " " + std::string(why));
    };
    head_parser parser({.line_bytes = options_.limits.head_bytes,
                        .head_bytes = options_.limits.head_bytes,
                        .fields = options_.limits.fields});
    response_head answer;
    for (std::size_t heads = 0;;) {
        const std::size_t before = s.buffered().size();
        const std::string_view input = co_await s.peek(before + 1);
        if (input.size() == before) refuse(client_errc::cut_off, "closed the connection without an answer");
        const auto result = parser.parse(input, answer, method::connect);
        if (result == head_parser::result::refused) refuse(client_errc::malformed, parser.why().sentence);
        if (result == head_parser::result::incomplete) continue;
        s.consume(parser.consumed());
        if (!is_informational(answer.status)) break;
        if (++heads > options_.limits.informational_responses) refuse(client_errc::too_large, "answers without end");
    }
    if (!is_success(answer.status))
        refuse(client_errc::proxy_refused,
               "answers " + std::to_string(to_number(answer.status)) + " " + std::string(answer.reason()));
    if (!s.buffered().empty()) refuse(client_errc::malformed, "speaks before the server can have");
}

const tls_context& client_core::tls() {
    if (!tls_) tls_ = tls_context::client({.alpn_protocols = {"http/1.1"}});
    return *tls_;
}

}  // namespace weft::inline v0::http
