// SPDX-License-Identifier: Apache-2.0
#include "http/message/head_parser.hpp"
#include "http/message/message_writer.hpp"
#include "http/syntax/base64.hpp"
#include "http/websocket/websocket_handshake.hpp"

#include <weft/flow/timeout.hpp>
#include <weft/flow/with.hpp>
#include <weft/http/url.hpp>
#include <weft/http/websocket.hpp>
#include <weft/net/connection.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// Before the one that counts.
constexpr int most_informational = 20;

[[noreturn]] void refuse(const std::string& why) { throw websocket_error(close_code::protocol_error, why); }

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) {
        if (!is_token(word)) throw std::invalid_argument("websocket: a subprotocol's name is a token");
        all.append(all.empty() ? "" : ", ").append(word);
    }
    return all;
}

std::string request_for(const url& to, std::string_view key, const websocket_connect_options& options) {
    std::string text;
    append_request_line(text, "GET", to.target());
    append_field(text, "Host", to.authority());
    append_field(text, "Upgrade", "websocket");
    append_field(text, "Connection", "Upgrade");
    append_field(text, "Sec-WebSocket-Key", key);
    append_field(text, "Sec-WebSocket-Version", "13");
    const std::string subprotocols = joined(options.websocket.subprotocols);
    if (!subprotocols.empty()) append_field(text, "Sec-WebSocket-Protocol", subprotocols);
    const std::string extensions = offer_deflate(options.websocket.compression);
    if (!extensions.empty()) append_field(text, "Sec-WebSocket-Extensions", extensions);
    if (to.credentials() && !options.headers.contains("Authorization"))
        append_field(text, "Authorization",
                     "Basic " + base64(to.credentials()->user + ":" + to.credentials()->password));
    append_fields(text, options.headers);
    append_end_of_fields(text);
    return text;
}

/// The answer, past those that only say that one is coming.
task<response_head> read_answer(stream& s) {
    head_parser parser;
    response_head head;
    for (int others = 0; others <= most_informational;) {
        const std::string_view input = s.buffered();
        switch (input.empty() ? head_parser::result::incomplete : parser.parse(input, head, method::get)) {
            case head_parser::result::complete:
                s.consume(parser.consumed());
                if (head.status == status::switching_protocols || !is_informational(head.status)) co_return head;
                ++others;
                break;
            case head_parser::result::refused: refuse(std::string(parser.why().sentence));
            case head_parser::result::incomplete: {
                const std::size_t before = input.size();
                if ((co_await s.peek(before + 1)).size() <= before) refuse("the server has ended it without an answer");
            }
        }
    }
    refuse("there are too many responses that say to wait for another");
}

websocket_agreement check(const response_head& answer, std::string_view key, const websocket_connect_options& options) {
    if (answer.status != status::switching_protocols) {
        throw response_error(answer.status, "websocket: the server answers " +
                                                std::to_string(to_number(answer.status)) + " " +
                                                std::string(answer.reason()));
    }
    const headers& fields = answer.fields;
    if (!fields.lists("Upgrade", "websocket") || !fields.lists("Connection", "upgrade"))
        refuse("the server changes to another protocol");
    const auto accepts = fields.get_all("Sec-WebSocket-Accept");
    if (accepts.size() != 1 || accepts.front() != accept_of_key(key)) refuse("the server has not understood the key");

    websocket_agreement agreed;
    const auto subprotocols = fields.get_all("Sec-WebSocket-Protocol");
    if (subprotocols.size() > 1) refuse("the server speaks two subprotocols");
    if (!subprotocols.empty()) {
        agreed.subprotocol = subprotocols.front();
        const auto& offered = options.websocket.subprotocols;
        if (std::ranges::find(offered, agreed.subprotocol) == offered.end())
            refuse("the server speaks a subprotocol that was not offered");
    }
    for (const std::string_view field : fields.get_all("Sec-WebSocket-Extensions")) {
        const auto extensions = parse_extensions(field);
        if (!extensions) refuse("the server's extensions make no sense");
        for (const websocket_extension& one : *extensions) {
            auto deflate = check_answer(one, options.websocket.compression);
            if (!deflate || agreed.deflate) refuse("the server uses an extension otherwise than it was offered");
            agreed.deflate = deflate;
        }
    }
    return agreed;
}

task<std::shared_ptr<websocket_core>> connect(const url& to, const websocket_connect_options& options) {
    const std::string key = make_websocket_key();
    const std::string text = request_for(to, key, options);
    connect_options how{.server_hostname = {}};
    if (to.is_secure()) how.tls = options.tls ? *options.tls : tls_context::client();
    stream s = co_await open_connection(to.host(), to.port(), std::move(how));
    co_await s.write(text);
    const response_head answer = co_await read_answer(s);
    websocket_agreement agreed = check(answer, key, options);
    co_return std::make_shared<websocket_core>(std::move(s), websocket_role::client, options.websocket,
                                               std::move(agreed));
}

}  // namespace

task<websocket> connect_websocket(std::string at, websocket_connect_options options) {
    const url to(at);
    if (to.scheme() != "ws" && to.scheme() != "wss")
        throw std::invalid_argument("websocket: the scheme of '" + to.to_string() + "' is neither ws nor wss");
    if (to.fragment()) throw std::invalid_argument("websocket: '" + to.to_string() + "' has a fragment");
    const auto core = co_await with(timeout(options.timeout), [&] { return connect(to, options); });
    core->start();
    co_return websocket(core);
}

}  // namespace weft::inline v0::http
