// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"
#include "loop/owned_operation.hpp"

#include <functional>

namespace weft::inline v0 {

/// One callback for one direction of a foreign descriptor, called in every turn in which the descriptor is ready
/// (add_reader, add_writer). Shared by the loop and the call in progress, so that a callback may remove itself.
class descriptor_watch {
public:
    descriptor_watch(backend& b, native_handle fd, short events, std::function<void()> f)
        : operation_(*this), backend_(b), call_(std::make_shared<std::function<void()>>(std::move(f))) {
        operation_.fd = fd;
        operation_.events = events;
        backend_.submit(operation_);
    }
    descriptor_watch(const descriptor_watch&) = delete;
    descriptor_watch& operator=(const descriptor_watch&) = delete;
    ~descriptor_watch() { backend_.cancel(operation_); }

private:
    void on_ready(const completion& c) {
        // First: the callback may destroy this. Not where polling failed: whoever is called finds out what is wrong.
        if (c.result >= 0) backend_.submit(operation_);
        const auto keep = call_;
        (*keep)();
    }

    owned_operation<poll_operation, descriptor_watch, &descriptor_watch::on_ready> operation_;
    backend& backend_;
    std::shared_ptr<std::function<void()>> call_;
};

}  // namespace weft::inline v0
