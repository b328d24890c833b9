// SPDX-License-Identifier: Apache-2.0
#include "fiber/fiber_thread.hpp"

#include "fiber/overflow_report.hpp"
#include "fiber/sanitizers.hpp"

#include <cxxabi.h>
#include <signal.h>

namespace weft::inline v0 {

constinit thread_local fiber_thread* fiber_thread::mine = nullptr;
constinit thread_local fiber_thread* fiber_thread::while_none_closes = nullptr;

fiber_thread::fiber_thread()
    : root(*this), exceptions(reinterpret_cast<fiber_core::exception_state*>(abi::__cxa_get_globals())) {
    install_overflow_report();
    signal_stack_ = add_signal_stack();
    root.sanitizer_state_ = sanitizers::running_fiber();
}

fiber_thread::~fiber_thread() {
    if (signal_stack_) remove_signal_stack(signal_stack_.get());
}

fiber_thread& fiber_thread::make() {
    struct last_rites {
        void arm() noexcept {}
        ~last_rites() {
            if (!mine || mine->fibers != 0) return;
            while_none_closes = nullptr;
            delete std::exchange(mine, nullptr);
        }
    };
    thread_local last_rites at_exit;
    at_exit.arm();  // its first use registers the destructor
    mine = while_none_closes = new fiber_thread;
    return *mine;
}

stack_pool& fiber_thread::other_pool_of(std::size_t stack_bytes, bool guarded) {
    const std::size_t rounded = stack_pool::rounded(stack_bytes);
    for (const std::unique_ptr<stack_pool>& pool : pools_) {
        if (pool->stack_bytes() == rounded && pool->is_guarded() == guarded) return *(last_pool_ = pool.get());
    }
    pools_.push_back(std::make_unique<stack_pool>(rounded, guarded));
    return *(last_pool_ = pools_.back().get());
}

}  // namespace weft::inline v0
