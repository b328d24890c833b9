// SPDX-License-Identifier: Apache-2.0
#include "http/server/error_page.hpp"
#include "http/websocket/websocket_handshake.hpp"

#include <weft/base/errors.hpp>
#include <weft/http/websocket.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace weft::inline v0::http {

namespace {

using talk = std::move_only_function<task<>(websocket)>;

/// Talks, and says good-bye.
task<> converse(talk talks, std::shared_ptr<websocket_core> core) {
    const struct ending {
        websocket_core& core;
        ~ending() { core.abandon(); }
    } at_end{*core};
    core->keep();
    core->start();
    std::exception_ptr error;
    std::uint16_t code = close_code::normal;
    bool waits = true;
    try {
        co_await talks(websocket(core));
    } catch (const cancelled_error&) {
        error = std::current_exception();
        code = close_code::going_away;
        waits = false;
    } catch (...) {
        error = std::current_exception();
        code = close_code::internal_error;
    }
    if (waits) {
        co_await websocket_core::close(core, code, {});
    } else {
        core->begin_close({code});
    }
    if (error) std::rethrow_exception(error);
}

response refused(const request& r, const websocket_refusal& why) {
    response page = error_page(why.status, r.header("Accept"), why.sentence);
    if (why.status == status::upgrade_required) {
        page.headers().set("Upgrade", "websocket");
        page.headers().set("Connection", "Upgrade");
        page.headers().set("Sec-WebSocket-Version", "13");
    }
    return page;
}

std::string all_values(const headers& fields, std::string_view name) {
    std::string all;
    for (const std::string_view value : fields.get_all(name)) all.append(all.empty() ? "" : ",").append(value);
    return all;
}

}  // namespace

response accept_websocket(request& r, talk talks, websocket_options options) {
    const headers& fields = r.headers();
    if (const auto wrong = judge_upgrade(r); !wrong.sentence.empty()) return refused(r, wrong);
    for (const std::string_view origin : fields.get_all("Origin")) {
        if (!is_allowed_origin(origin, r.host(), options.allowed_origins))
            return refused(r, {status::forbidden, "pages of this origin may not connect"});
    }
    websocket_agreement agreed;
    std::vector<std::string_view> offered;
    if (!read_tokens(fields, "Sec-WebSocket-Protocol", offered))
        return refused(r, {.sentence = "the field Sec-WebSocket-Protocol is no list of tokens"});
    const auto liked = std::ranges::find_first_of(options.subprotocols, offered);
    if (liked != options.subprotocols.end()) agreed.subprotocol = *liked;
    const auto extensions = parse_extensions(all_values(fields, "Sec-WebSocket-Extensions"));
    if (!extensions) return refused(r, {.sentence = "the field Sec-WebSocket-Extensions makes no sense"});
    const auto answer = answer_offers(*extensions, options.compression);
    if (answer) agreed.deflate = answer->agreed;

    response switching = response::switch_protocols(
        "websocket", [talks = std::move(talks), options = std::move(options), agreed](stream s) mutable {
            return converse(std::move(talks), std::make_shared<websocket_core>(std::move(s), websocket_role::server,
                                                                               options, std::move(agreed)));
        });
    switching.headers().add("Sec-WebSocket-Accept", accept_of_key(r.header("Sec-WebSocket-Key")));
    if (!agreed.subprotocol.empty()) switching.headers().add("Sec-WebSocket-Protocol", agreed.subprotocol);
    if (answer) switching.headers().add("Sec-WebSocket-Extensions", answer->field);
    return switching;
}

}  // namespace weft::inline v0::http
