// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

loop_service& event_loop::service(const loop_service_kind& kind) {
    check_open();
    for (const kept_service& s : services_) {
        if (s.kind == &kind) return *s.service;
    }
    services_.push_back({&kind, kind.make(*this)});
    return *services_.back().service;
}

void event_loop::set_service(const loop_service_kind& kind, std::unique_ptr<loop_service> service) {
    check_open();
    std::erase_if(services_, [&](const kept_service& s) { return s.kind == &kind; });
    services_.push_back({&kind, std::move(service)});
}

}  // namespace weft::inline v0
