// SPDX-License-Identifier: Apache-2.0
#include "fiber/fiber_thread.hpp"
#include "fiber/stack_pool.hpp"

#include <weft/fiber/fiber_stack.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace weft::inline v0 {

fiber_stack::fiber_stack(std::size_t bytes, bool guarded)
    : fiber_stack(fiber_thread::here().pool_of(bytes, guarded).take()) {}

void fiber_stack::give_back() noexcept { slab_->pool->give_back(top_, *slab_); }

std::size_t fiber_stack::bytes() const noexcept { return slab_ ? slab_->stack_bytes : 0; }

bool fiber_stack::guards(const void* address) const noexcept {
    if (!top_) return false;
    const auto* const at = static_cast<const std::byte*>(address);
    const std::byte* const lowest = top_ - slab_->stack_bytes;
    return at < lowest && at >= lowest - slab_->guard_bytes;
}

std::size_t fiber_stack::high_water_bytes() const {
    if (!top_) return 0;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> is_there(bytes() / page);
    if (::mincore(bottom(), bytes(), is_there.data()) != 0)
        throw std::system_error(errno, std::system_category(), "ask which pages of a fiber's stack are in memory");
    // The kernel gives pages full of zeros: what is not zero, somebody has written.
    for (std::size_t i = 0; i < is_there.size(); ++i) {
        if (!(is_there[i] & 1)) continue;
        const std::byte* const begin = bottom() + i * page;
        const std::byte* const used = std::find_if(begin, begin + page, [](std::byte b) { return b != std::byte{}; });
        if (used != begin + page) return static_cast<std::size_t>(top_ - used);
    }
    return 0;
}

}  // namespace weft::inline v0
