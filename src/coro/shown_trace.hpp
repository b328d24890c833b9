// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coro/exception_table.hpp"

#include <weft/coro/trace_exception.hpp>

#include <exception>
#include <utility>

namespace weft::inline v0 {

/// While it lives an exception has the path with which `owner` has kept it; then its own again, for it may be on its way
/// somewhere meanwhile. For reports.
class shown_trace {
public:
    shown_trace(std::exception_ptr error, const void* owner) noexcept : error_(std::move(error)) {
        if (!error_) return;
        try {
            own_ = exception_table::instance().path(object_of(error_));
        } catch (...) {
            error_ = nullptr;  // no memory: as it is
        }
        restore_trace(error_, owner);
    }
    shown_trace(const shown_trace&) = delete;
    shown_trace& operator=(const shown_trace&) = delete;
    ~shown_trace() {
        if (error_) exception_table::instance().set_path(object_of(error_), std::move(own_));
    }

private:
    std::exception_ptr error_;
    exception_path own_;
};

}  // namespace weft::inline v0
