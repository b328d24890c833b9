// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/sync/lock.hpp>

#include <cstddef>
#include <cstdint>

namespace weft::inline v0 {

constexpr wait_subject lock::as_subject(std::size_t pointer_at) {
    return {wait_subject::thing::lock,
            {static_cast<std::uint16_t>(pointer_at), offsetof(lock, holder_), offsetof(lock, locked_since_)}};
}

}  // namespace weft::inline v0
