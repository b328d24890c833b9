// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"

namespace mini_redis {

/// The options of SET, read before anything is done.
struct set_options {
    bool only_if_absent = false, only_if_present = false, get = false, keep_deadline = false;
    moment deadline = never;

    bool is_plain() const noexcept {
        return !only_if_absent && !only_if_present && !get && !keep_deadline && deadline == never;
    }
};

/// Reads args[3] and what follows. @return false if they are wrong, which has been replied then
bool read_set_options(context& c, set_options& options);

/// The options of EXPIRE and PEXPIRE.
struct expire_options {
    bool none = false, some = false, later = false, earlier = false;  ///< NX XX GT LT

    /// Whether a key with the deadline `old` may get the deadline `fresh`.
    bool allow(moment old, moment fresh) const noexcept;
};

bool read_expire_options(context& c, expire_options& options);

/// The moment that lies `amount` units of time from now. @return false if there is none, which has been replied then
bool read_deadline(context& c, std::int64_t amount, std::int64_t unit_milliseconds, moment& deadline);

}  // namespace mini_redis
