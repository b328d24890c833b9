// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/backend.hpp"
#include "loop/owned_operation.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/waiter.hpp>

#include <poll.h>

#include <string>
#include <system_error>

namespace weft::inline v0 {

/// Suspends a task until a descriptor that no other operation is on is readable.
class readable_awaiter : public waiter {
public:
    /// @param what  for messages; outlives this
    readable_awaiter(native_handle fd, const std::string& what) noexcept
        : waiter(kind_), operation_(*this), what_(&what) {
        operation_.fd = fd;
        operation_.events = POLLIN;
    }
    ~readable_awaiter() { abandon(); }

    bool await_ready() const noexcept { return false; }
    void start() {
        try {
            loop().operations().submit(operation_);
        } catch (...) {
            result_ = -refusal();
            this->wake();
        }
    }
    void abandon() noexcept {
        if (operation_.is_submitted()) loop().operations().cancel(operation_);
    }
    /// @throws cancelled_error, std::system_error
    void await_resume() {
        this->resumed();
        if (result_ < 0) throw std::system_error(-result_, std::generic_category(), *what_);
    }

private:
    void on_ready(const completion& c) {
        result_ = c.result;
        this->wake();
    }
    static bool cancel(waiter& w) {
        auto& self = static_cast<readable_awaiter&>(w);
        self.abandon();
        self.wake();
        return false;
    }
    static const wait_kind kind_;

    owned_operation<poll_operation, readable_awaiter, &readable_awaiter::on_ready> operation_;
    const std::string* what_;
    int result_ = 0;
};

inline const wait_kind readable_awaiter::kind_ = {
    .name = "readable", .cancel = &cancel, .subject = {wait_subject::thing::text, {offsetof(readable_awaiter, what_)}}};

}  // namespace weft::inline v0
