// SPDX-License-Identifier: Apache-2.0
#include <weft/exec/kept_call.hpp>

#include <utility>

namespace weft::inline v0 {

namespace {

/// The thread's context for calls, which it uses for one after another. A call that leaves something behind that refers to
/// it (a token), or that is in it while another one is made, keeps it; the next call has a new one then.
context context_of_thread(carried_variables variables) {
    thread_local context own;
    if (own.core().use_count() > 1) own = context();
    own.core()->all = std::move(variables);
    return own;
}

}  // namespace

carried_variables present_variables() noexcept {
    const context_core* const here = present_context();
    return here ? here->all : nullptr;
}

call_context::call_context(carried_variables variables)
    : own_(context_of_thread(std::move(variables))), entered_(own_) {}

call_context::~call_context() { own_.core()->all = nullptr; }

}  // namespace weft::inline v0
