// SPDX-License-Identifier: Apache-2.0
// System V Application Binary Interface, AMD64 Architecture Processor Supplement, 3.2.1 "Registers": a called function
// preserves rbx, rbp, rsp and r12 to r15; "the control bits of the MXCSR register are callee-saved (preserved across calls), while
// the status bits are caller-saved (not preserved). The x87 status word register is caller-saved, whereas the x87 control
// word is callee-saved." The direction flag is clear, and the processor in x87 mode, at each call. 3.2.2: rsp + 8 is a multiple of 16 when a
// function is entered. Two pointers in a structure are passed back in rax and rdx (3.2.3).
//
// What is on a stack that was left, from its pointer up:
//     0 mxcsr | 4 x87 control word | 8 r15 | 16 r14 | 24 r13 | 32 r12 | 40 rbx | 48 rbp | 56 return address
//
// The way out is a jump: `ret` would be predicted to return to the stack that was left.
//
// Shadow stacks (CET) are left off: this file is compiled with -fcf-protection=none, and so has no mark in its
// .note.gnu.property; the linker sets the program's only if all of its parts have it.
#if defined(__x86_64__)

#include "fiber/switch_stack.hpp"

#include <cstdint>

asm(R"(
    .pushsection .text, "ax", @progbits

    .p2align 4
    .globl weft_switch_stack
    .hidden weft_switch_stack
    .globl weft_left_stack
    .hidden weft_left_stack
    .type weft_switch_stack, @function
weft_switch_stack:                      # rdi: leaving, rsi: to, rdx: value, rcx: ended
    .cfi_startproc
    leaq -56(%rsp), %rsp
    .cfi_adjust_cfa_offset 56
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movzwl 4(%rsp), %eax
    movq %r15, 8(%rsp)
    .cfi_rel_offset %r15, 8
    movq %r14, 16(%rsp)
    .cfi_rel_offset %r14, 16
    movq %r13, 24(%rsp)
    .cfi_rel_offset %r13, 24
    movq %r12, 32(%rsp)
    .cfi_rel_offset %r12, 32
    movq %rbx, 40(%rsp)
    .cfi_rel_offset %rbx, 40
    movq %rbp, 48(%rsp)
    .cfi_rel_offset %rbp, 48
    movq %rsp, (%rdi)
    movq %rsi, %rsp                     # the other stack looks the same: what the unwinder was told stays true
weft_left_stack:                        # here a stack can be unwound that was left
    movq 56(%rsp), %r8
    ldmxcsr (%rsp)                      # comparing takes longer than loading; not so with the x87 control word
    cmpw 4(%rsp), %ax
    jne 2f
1:  movq %rdx, %rax
    movq %rcx, %rdx
    movq 8(%rsp), %r15
    movq 16(%rsp), %r14
    movq 24(%rsp), %r13
    movq 32(%rsp), %r12
    movq 40(%rsp), %rbx
    movq 48(%rsp), %rbp
    .cfi_remember_state
    leaq 64(%rsp), %rsp
    .cfi_adjust_cfa_offset -64
    .cfi_restore %r15
    .cfi_restore %r14
    .cfi_restore %r13
    .cfi_restore %r12
    .cfi_restore %rbx
    .cfi_restore %rbp
    .cfi_register %rip, %r8
    jmpq *%r8
2:  .cfi_restore_state
    fldcw 4(%rsp)
    jmp 1b
    .cfi_endproc
    .size weft_switch_stack, . - weft_switch_stack

    # The outermost frame of a fiber. It was never called: there is nothing to return to, and unwinding ends here.
    .p2align 4
    .globl weft_begin_stack
    .hidden weft_begin_stack
    .type weft_begin_stack, @function
weft_begin_stack:                       # r12: the fiber, rbx: the entry, rax: value, rdx: ended
    .cfi_startproc
    .cfi_def_cfa %rsp, 0
    .cfi_undefined %rip
    movq %r12, %rdi
    movq %rax, %rsi
    callq *%rbx
    ud2
    .cfi_endproc
    .size weft_begin_stack, . - weft_begin_stack

    .popsection
)");

extern "C" void weft_begin_stack() noexcept;

namespace weft::inline v0 {

namespace {

struct left_stack {
    std::uint32_t mxcsr = 0;
    std::uint16_t x87_control_word = 0;
    void* r15 = nullptr;
    void* r14 = nullptr;
    void* r13 = nullptr;
    fiber_core* r12 = nullptr;
    stack_entry rbx = nullptr;
    void* rbp = nullptr;  // null: who follows frame pointers ends here
    void (*return_address)() noexcept = &weft_begin_stack;
    void* nothing[2] = {};
};
static_assert(sizeof(left_stack) == 80);

}  // namespace

void* prepare_stack(std::byte* top, stack_entry entry, fiber_core& self) noexcept {
    auto* const left = new (top - sizeof(left_stack)) left_stack{.r12 = &self, .rbx = entry};
    asm("stmxcsr %0\n\tfnstcw %1" : "=m"(left->mxcsr), "=m"(left->x87_control_word));
    return left;
}

}  // namespace weft::inline v0

#endif
