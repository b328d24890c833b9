// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/operation.hpp"

namespace weft::inline v0 {

/// An operation inside its owner, which `on_completion` tells of what it brings:
///
///     owned_operation<poll_operation, child_core, &child_core::on_ready> poll_{*this};
template <class Operation, class Owner, void (Owner::*on_completion)(const completion&)>
class owned_operation : public Operation {
public:
    explicit owned_operation(Owner& o) noexcept : Operation(completed), owner_(o) {}

private:
    static void completed(operation& op, const completion& c) {
        (static_cast<owned_operation&>(op).owner_.*on_completion)(c);
    }
    Owner& owner_;
};

}  // namespace weft::inline v0
