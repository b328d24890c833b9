// SPDX-License-Identifier: Apache-2.0
// Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), 6.1.1: "A subroutine invocation must preserve the contents of the
// registers r19-r29 and SP"; r30 is the link register, and r18 the platform's, which Linux does not use. 6.1.2: "Registers v8-v15 must be
// preserved by a callee across subroutine calls", of them "only the bottom 64 bits of each value". 6.1.2 also: of FPCR the fields that set
// rounding, trapping and default NaNs "must be preserved across a public interface", while FPSR's flags need not be. SP
// is a multiple of 16 wherever it is used to reach memory (6.4.5.1). Two pointers in a structure are passed back in x0 and x1.
// What SVE and SME add (p4-p15, z8-z23, ZA) is preserved by callees of vector functions only, which this is not.
//
// What is on a stack that was left, from its pointer up:
//     0 x29 | 8 x30 | 16 x19 … 88 x28 | 96 d8 … 152 d15 | 160 fpcr
//
// Branch targets (BTI): the way out is a `ret`, which may go anywhere; the way in begins with `bti c` (a hint: no
// operation where there is none). Signed return addresses (PAC): x30 points into the caller of this function, which keeps its own
// signed, with its own SP as modifier, on its own stack; all three stay together. A guarded control stack (GCS) is left
// off, as shadow stacks are on x86-64.
#if defined(__aarch64__)

#include "fiber/switch_stack.hpp"

#include <cstdint>

asm(R"(
    .pushsection .text, "ax", @progbits

    .p2align 4
    .globl weft_switch_stack
    .hidden weft_switch_stack
    .globl weft_left_stack
    .hidden weft_left_stack
    .type weft_switch_stack, %function
weft_switch_stack:                      // x0: leaving, x1: to, x2: value, x3: ended
    .cfi_startproc
    hint #34                            // bti c
    sub sp, sp, #176
    .cfi_adjust_cfa_offset 176
    stp x29, x30, [sp, #0]
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    stp x19, x20, [sp, #16]
    .cfi_rel_offset x19, 16
    .cfi_rel_offset x20, 24
    stp x21, x22, [sp, #32]
    .cfi_rel_offset x21, 32
    .cfi_rel_offset x22, 40
    stp x23, x24, [sp, #48]
    .cfi_rel_offset x23, 48
    .cfi_rel_offset x24, 56
    stp x25, x26, [sp, #64]
    .cfi_rel_offset x25, 64
    .cfi_rel_offset x26, 72
    stp x27, x28, [sp, #80]
    .cfi_rel_offset x27, 80
    .cfi_rel_offset x28, 88
    stp d8, d9, [sp, #96]
    .cfi_rel_offset d8, 96
    .cfi_rel_offset d9, 104
    stp d10, d11, [sp, #112]
    .cfi_rel_offset d10, 112
    .cfi_rel_offset d11, 120
    stp d12, d13, [sp, #128]
    .cfi_rel_offset d12, 128
    .cfi_rel_offset d13, 136
    stp d14, d15, [sp, #144]
    .cfi_rel_offset d14, 144
    .cfi_rel_offset d15, 152
    mrs x9, fpcr
    str x9, [sp, #160]
    mov x10, sp
    str x10, [x0]
    mov sp, x1                          // the other stack looks the same: what the unwinder was told stays true
weft_left_stack:                        // here a stack can be unwound that was left
    ldr x10, [sp, #160]
    cmp x9, x10
    b.eq 1f
    msr fpcr, x10
1:  ldp x29, x30, [sp, #0]
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    mov x0, x2
    mov x1, x3
    add sp, sp, #176
    .cfi_def_cfa sp, 0
    .cfi_restore x29
    .cfi_restore x30
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore d8
    .cfi_restore d9
    .cfi_restore d10
    .cfi_restore d11
    .cfi_restore d12
    .cfi_restore d13
    .cfi_restore d14
    .cfi_restore d15
    ret
    .cfi_endproc
    .size weft_switch_stack, . - weft_switch_stack

    // The outermost frame of a fiber. It was never called: there is nothing to return to, and unwinding ends here.
    .p2align 4
    .globl weft_begin_stack
    .hidden weft_begin_stack
    .type weft_begin_stack, %function
weft_begin_stack:                       // x19: the fiber, x20: the entry, x0: value, x1: ended
    .cfi_startproc
    .cfi_undefined x30
    hint #36                            // bti j
    mov x2, x1
    mov x1, x0
    mov x0, x19
    blr x20
    brk #1
    .cfi_endproc
    .size weft_begin_stack, . - weft_begin_stack

    .popsection
)");

extern "C" void weft_begin_stack() noexcept;

namespace weft::inline v0 {

namespace {

struct left_stack {
    void* x29 = nullptr;  // null: who follows frame pointers ends here
    void (*x30)() noexcept = &weft_begin_stack;
    fiber_core* x19 = nullptr;
    stack_entry x20 = nullptr;
    void* x21_to_x28[8] = {};
    double d8_to_d15[8] = {};
    std::uint64_t fpcr = 0;
    void* nothing = nullptr;
};
static_assert(sizeof(left_stack) == 176);

}  // namespace

void* prepare_stack(std::byte* top, stack_entry entry, fiber_core& self) noexcept {
    auto* const left = new (top - sizeof(left_stack)) left_stack{.x19 = &self, .x20 = entry};
    asm("mrs %0, fpcr" : "=r"(left->fpcr));
    return left;
}

}  // namespace weft::inline v0

#endif
