// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/loop/done_hook.hpp>
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

done_hook::notice::notice(future_core& f, void* owner, function call)
    : future_(f), owner_(owner), call_(call), listener_(*this) {
    run = [](ready_node& n) { static_cast<notice&>(n).deliver(); };
    if (const event_loop* const here = event_loop::current(); here && here != f.loop_or_null())
        throw invalid_state_error("the future belongs to a different loop");
    if (f.done()) {
        own_listener::notified(listener_, &f);
    } else {
        f.listen(listener_);
    }
}

void done_hook::notice::own_listener::notified(future_listener& l, future_core*) {
    notice& n = static_cast<own_listener&>(l).owner;
    event_loop* const loop = n.future_->loop_or_null();
    n.state_ = loop ? state::queued : state::delivered;  // nobody is told any more when it is closed
    if (loop) loop->make_ready(n);
}

void done_hook::notice::deliver() {
    state_ = state::delivered;
    if (forgotten_) {
        delete this;
    } else if (future_->loop_or_null() && !future_->loop().is_closing()) {
        call_(owner_, *future_);  // may forget, and so delete, this
    }
}

void done_hook::notice::forget() noexcept {
    forgotten_ = true;
    if (state_ == state::queued) {
        future_ = {};  // now: its owner may want to be the only one
    } else {
        delete this;
    }
}

}  // namespace weft::inline v0
