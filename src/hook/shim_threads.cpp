// SPDX-License-Identifier: Apache-2.0
// pthread_join, by which C++ joins threads as well.
#include "hook/shim.hpp"

#include <pthread.h>

namespace weft_hook {
namespace {

constinit hooked<int(pthread_t, void**)> libc_join("pthread_join");

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

int pthread_join(pthread_t thread, void** result) {
    if (!on_fiber() || ::pthread_equal(thread, ::pthread_self())) return libc_join(thread, result);
    // Nothing tells of a thread's end. Most that are joined have all but ended; libcurl's that looks up a name may take long, and is
    // joined when the transfer is given up. That there is no memory left, or the fiber is being destroyed, must not end the wait.
    for (long long pause = millisecond / 16;; pause = pause < 20 * millisecond ? 2 * pause : pause) {
        if (const int joined = ::pthread_tryjoin_np(thread, result); joined != EBUSY) return joined;
        libc_join.is_taken_over(__builtin_return_address(0));
        if (wait(nullptr, nullptr, 0, limit::in(pause), 0) < 0) return libc_join(thread, result);
    }
}

#pragma GCC visibility pop
}
