// SPDX-License-Identifier: Apache-2.0
// What a transport has of TLS.
#include <weft/tls/start_tls.hpp>

#include "io/transport_core.hpp"
#include "tls/handshake_awaiter.hpp"
#include "tls/tls_layer.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

namespace weft::inline v0 {

namespace {

task<transport> start_tls_on(transport t, protocol_slot p, tls_context context, start_tls_options options) {
    transport_core& core = transport_core::of(t);
    if (!p.owner) throw std::invalid_argument("start_tls: no protocol");
    core.require_open("start_tls");
    if (const auto* present = dynamic_cast<tls_layer*>(core.layer()); present && !present->is_open()) {
        throw invalid_state_error("start_tls: the transport's TLS handshake is under way");
    }
    event_loop& loop = get_running_loop();
    auto layer = std::make_unique<tls_layer>(loop, context, std::move(options.server_hostname), core.peer_name());
    tls_layer& tls = *layer;
    const transport_core::handover during(core);
    core.set_protocol(std::move(p));
    byte_buffer received(*loop.buffers()), sending(*loop.buffers()), pending(*loop.buffers());
    auto below = core.take_layer(received, sending, pending);
    layer->go_over(std::move(below), sending, pending);
    core.put_layer(std::move(layer));
    tls.begin(received.bytes());
    received.clear();
    co_await handshake_awaiter(tls);
    co_return t;
}

}  // namespace

task<transport> start_tls(transport t, std::shared_ptr<protocol> p, tls_context context, start_tls_options options) {
    return start_tls_on(std::move(t), protocol_slot(std::move(p)), std::move(context), std::move(options));
}
task<transport> start_tls(transport t, std::shared_ptr<buffered_protocol> p, tls_context context,
                          start_tls_options options) {
    return start_tls_on(std::move(t), protocol_slot(std::move(p)), std::move(context), std::move(options));
}

std::optional<tls_info> transport::tls() const {
    const auto* const layer = dynamic_cast<const tls_layer*>(core().layer());
    return layer && layer->is_open() ? std::optional(layer->info()) : std::nullopt;
}

}  // namespace weft::inline v0
