// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>

namespace weft::inline v0 {

/// Something of a loop's that must let go when the loop closes: an open stream, a server.
class loop_resource : public list_node {
public:
    /// The loop is closing: close now; no operation may be submitted any more.
    virtual void loop_closes() noexcept = 0;
    /// It belongs to nobody any more and goes when its output is sent.
    virtual bool is_finishing() const noexcept { return false; }

protected:
    ~loop_resource() = default;
};

}  // namespace weft::inline v0
