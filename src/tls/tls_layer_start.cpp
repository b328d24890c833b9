// SPDX-License-Identifier: Apache-2.0
// What a stream has of TLS.
#include "io/stream_core.hpp"
#include "tls/handshake_awaiter.hpp"
#include "tls/tls_layer.hpp"

#include <weft/io/stream.hpp>
#include <weft/tls/tls_context.hpp>

#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

namespace weft::inline v0 {

task<> stream::start_tls(tls_context context, start_tls_options options) {
    return start_tls_on(stream_link(core()), std::move(context), std::move(options));
}

task<> stream::start_tls_on(stream_link s, tls_context context, start_tls_options options) {
    stream_core& core = s.core();  // from the first wait on the handshake's own awaiters learn of its end
    co_await output_awaiter(core, output_awaiter::purpose::flushed);
    core.require_writable();
    if (core.has_reader()) throw invalid_state_error("start_tls: a task is reading from the stream");
    if (core.ended()) throw invalid_state_error("start_tls: the peer has ended the stream");
    if (!core.receives()) core.throw_read_error();
    if (const auto* present = dynamic_cast<tls_layer*>(core.layer()); present && !present->is_open()) {
        throw invalid_state_error("start_tls: the stream's TLS handshake is under way");
    }
    auto layer =
        std::make_unique<tls_layer>(core.loop(), context, std::move(options.server_hostname), core.peer_name());
    tls_layer& tls = *layer;
    core.settle_lent();
    byte_buffer unread(*core.loop().buffers());
    unread.swap(core.input());
    layer->go_over(core.take_layer());
    try {
        core.put_layer(std::move(layer));
    } catch (...) {
        core.abort(ECONNABORTED);
        throw;
    }
    tls.begin(unread.bytes());
    unread.clear();
    co_await handshake_awaiter(tls);
}

std::optional<tls_info> stream::tls() const {
    const auto* const layer = dynamic_cast<const tls_layer*>(core().layer());
    return layer && layer->is_open() ? std::optional(layer->info()) : std::nullopt;
}

}  // namespace weft::inline v0
