// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>

#include <cstdint>
#include <string>

namespace weft::inline v0 {

/// Something of a loop's that must let go when the loop closes: an open stream, a server.
class loop_resource : public list_node {
public:
    /// The loop is closing: close now; no operation may be submitted any more.
    virtual void loop_closes() noexcept = 0;
    /// It belongs to nobody any more and goes when its output is sent.
    virtual bool is_finishing() const noexcept { return false; }
    /// While it is finishing: bytes of its output that the kernel has not taken yet.
    virtual std::uint64_t unsent_bytes() const noexcept { return 0; }
    /// While it is finishing: whom it sends to, for a message; empty if that has no name.
    virtual std::string output_name() const { return {}; }

protected:
    ~loop_resource() = default;
};

}  // namespace weft::inline v0
