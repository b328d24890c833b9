// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace weft::inline v0 {

class event_loop;

/// What a layer above the loop keeps one of for each loop: its resolver, say. It goes when the loop closes, after the
/// tasks. @thread its loop's
class loop_service {
public:
    loop_service() = default;
    loop_service(const loop_service&) = delete;
    loop_service& operator=(const loop_service&) = delete;
    virtual ~loop_service() = default;
};

/// Which one: told apart by address. Made when it is first asked for.
struct loop_service_kind {
    std::unique_ptr<loop_service> (*make)(event_loop& loop);
};

}  // namespace weft::inline v0
