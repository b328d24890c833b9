// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/flow/shield.hpp>
#include <weft/loop/event_loop.hpp>

#include <memory>

namespace weft::inline v0 {

future_link::future_link(future_core& from) : future_listener(told) {
    run = deliver;
    if (const event_loop* const here = event_loop::current(); here && here != from.loop_or_null())
        throw invalid_state_error("the future belongs to a different loop");
    from.listen(*this);
}

void future_link::told(future_listener& l, future_core* done) {
    auto& self = static_cast<future_link&>(l);
    if (!done || !done->loop_or_null()) {
        delete &self;
    } else {
        self.from_ = future_reference<future_core>(*done);
        done->loop().make_ready(self);
    }
}

void future_link::deliver(ready_node& n) {
    auto* const link = static_cast<future_link*>(&n);
    const future_reference<future_core> from = std::move(link->from_);
    if (from->loop_or_null() && !from->loop().is_closing()) link->hand_on(*from);
    delete link;
}

}  // namespace weft::inline v0
