// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/lasting_poll.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace weft::inline v0 {

/// One callback for one direction of a foreign descriptor, called in every turn in which the descriptor is ready
/// (add_reader, add_writer). The loop owns it; the callback itself is shared with the call in progress, and may so remove its
/// own watch.
class descriptor_watch final : public lasting_poll {
public:
    descriptor_watch(event_loop& loop, native_handle watched, short watched_events, std::function<void()> f)
        : lasting_poll(loop, watched, watched_events), call_(std::make_shared<std::function<void()>>(std::move(f))) {}

private:
    void on_ready() override {
        const auto keep = call_;
        (*keep)();
    }

    std::shared_ptr<std::function<void()>> call_;
};

}  // namespace weft::inline v0
