// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace stress {

/// The one error that tasks of these tests fail with on purpose.
class mishap : public std::runtime_error {
public:
    mishap() : std::runtime_error("a mishap") {}
};

}  // namespace stress
