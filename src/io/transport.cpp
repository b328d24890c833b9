// SPDX-License-Identifier: Apache-2.0
#include "io/stream_handover.hpp"
#include "io/transport_core.hpp"

#include <weft/io/connect_protocol.hpp>
#include <weft/io/transport.hpp>

#include <stdexcept>
#include <utility>
#include <vector>

namespace weft::inline v0 {

// The handle

transport_core& transport::core() const {
    if (!core_) throw invalid_state_error("the transport is empty");
    return *core_;
}
void transport::write(std::span<const std::byte> bytes) const { core().write(bytes); }
void transport::writelines(std::span<const std::span<const std::byte>> pieces) const { core().write_pieces(pieces); }
void transport::writelines(std::initializer_list<std::string_view> pieces) const {
    std::vector<std::span<const std::byte>> bytes;
    for (const std::string_view piece : pieces) bytes.push_back(std::as_bytes(std::span(piece)));
    core().write_pieces(bytes);
}
void transport::write_eof() const { core().write_eof(); }
std::size_t transport::get_write_buffer_size() const noexcept { return core_ ? core_->unsent() : 0; }
write_buffer_limits transport::get_write_buffer_limits() const { return core().limits(); }
void transport::set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) const {
    core().set_limits(high, low);
}
void transport::pause_reading() const { core().pause_reading(); }
void transport::resume_reading() const { core().resume_reading(); }
bool transport::is_reading() const noexcept { return core_ && core_->is_reading(); }
void transport::close() const { core().close(); }
void transport::abort() const { core().abort(); }
bool transport::is_closing() const noexcept { return !core_ || core_->is_closing(); }
transport_awaiter transport::wait_closed() const { return core().until_lost(); }
address transport::peer() const { return core().peer(); }
address transport::local() const { return core().local(); }
native_handle transport::descriptor() const noexcept { return core_ ? core_->descriptor() : -1; }

std::shared_ptr<base_protocol> transport::get_protocol() const { return core().get_protocol(); }
void transport::set_protocol(std::shared_ptr<protocol> p) const {
    if (!p) throw std::invalid_argument("set_protocol: null");
    core().set_protocol(protocol_slot(std::move(p)));
}
void transport::set_protocol(std::shared_ptr<buffered_protocol> p) const {
    if (!p) throw std::invalid_argument("set_protocol: null");
    core().set_protocol(protocol_slot(std::move(p)));
}

// Waiting

const wait_kind transport_awaiter::kind_ = {
    .name = "transport",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<transport_awaiter&>(w);
            self.unlink();
            self.wake();
            return false;
        },
};

transport_awaiter::transport_awaiter(std::shared_ptr<endpoint_core> t, until u) noexcept
    : waiter(kind_), transport_(std::move(t)), until_(u) {}

bool transport_awaiter::await_ready() const noexcept {
    return transport_->is_over() || (until_ == until::made && transport_->is_made());
}
void transport_awaiter::start() noexcept { transport_->wait(*this); }

task<> transport_awaiter::waiting(std::shared_ptr<endpoint_core> t, until u) {
    co_await transport_awaiter(std::move(t), u);
}
task<> to_task(transport_awaiter&& w) { return transport_awaiter::waiting(w.transport_, w.until_); }

// From a stream

namespace {

/// Ends a connection unless told that all is well.
class ending {
public:
    ending(transport t, void (transport::*how)() const) noexcept : transport_(std::move(t)), how_(how) {}
    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;
    ~ending() {
        if (transport_) (transport_.*how_)();
    }
    const transport& get() const noexcept { return transport_; }
    transport release() noexcept { return std::exchange(transport_, {}); }

private:
    transport transport_;
    void (transport::*how_)() const;
};

}  // namespace

task<transport> transport_core::connect(stream s, protocol_slot p) {
    if (!p.owner) throw std::invalid_argument("connect_protocol: no protocol");
    stream_core& from = stream_handover::core(s);
    if (from.is_closing()) throw invalid_state_error("connect_protocol: the stream is closed");
    if (from.has_reader()) throw invalid_state_error("connect_protocol: a task reads from the stream");
    if (!from.is_flushed()) co_await stream_handover::flushed(s);
    if (!from.layer())
        throw invalid_state_error("connect_protocol: the stream is closed, or another has its connection");
    from.settle_lent();
    const auto core = std::make_shared<transport_core>(get_running_loop(), from.take_layer(), std::move(p));
    core->received_before(from.input(), from.ended(), from.read_error());
    from.hand_over_to(*core);
    s = stream();
    core->start();
    ending closes(transport(core), &transport::close);
    co_await core->until_made();
    co_return closes.release();
}

task<> transport_core::serve(stream s, protocol_slot p) {
    const ending aborts(co_await connect(std::move(s), std::move(p)), &transport::abort);
    co_await aborts.get().wait_closed();
}

task<transport> connect_protocol(stream s, std::shared_ptr<protocol> p) {
    return transport_core::connect(std::move(s), protocol_slot(std::move(p)));
}
task<transport> connect_protocol(stream s, std::shared_ptr<buffered_protocol> p) {
    return transport_core::connect(std::move(s), protocol_slot(std::move(p)));
}
task<> serve_protocol(stream s, std::shared_ptr<protocol> p) {
    return transport_core::serve(std::move(s), protocol_slot(std::move(p)));
}
task<> serve_protocol(stream s, std::shared_ptr<buffered_protocol> p) {
    return transport_core::serve(std::move(s), protocol_slot(std::move(p)));
}

}  // namespace weft::inline v0
