// SPDX-License-Identifier: Apache-2.0
// What the ABI says a call preserves, a switch preserves, whatever was done on the other stack.
#include <weft/fiber/fiber.hpp>

#include <gtest/gtest.h>

#include <cfenv>
#include <cstdint>
#include <utility>
#include <vector>

#if WEFT_TEST_BOOST_CONTEXT
#include <boost/context/fiber.hpp>
#endif

namespace {

using weft::fiber;
namespace this_fiber = weft::this_fiber;

#if defined(__x86_64__)
/// Fills the registers that a call preserves (rbp the compiler wants for itself), switches, and looks.
[[gnu::noinline]] int registers_kept(fiber<>& f, std::uint64_t pattern) {
    register std::uint64_t rbx asm("rbx") = pattern + 1;
    register std::uint64_t r12 asm("r12") = pattern + 2;
    register std::uint64_t r13 asm("r13") = pattern + 3;
    register std::uint64_t r14 asm("r14") = pattern + 4;
    register std::uint64_t r15 asm("r15") = pattern + 5;
    asm volatile("" : "+r"(rbx), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15));
    f.switch_to();
    asm volatile("" : "+r"(rbx), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15));
    return (rbx == pattern + 1) + (r12 == pattern + 2) + (r13 == pattern + 3) + (r14 == pattern + 4) +
           (r15 == pattern + 5);
}
void spoil_registers() {
    asm volatile("movq $-1, %%rbx; movq $-2, %%r12; movq $-3, %%r13; movq $-4, %%r14; movq $-5, %%r15" ::
                     : "rbx", "r12", "r13", "r14", "r15");
}
constexpr int kept = 5;
#elif defined(__aarch64__)
[[gnu::noinline]] int registers_kept(fiber<>& f, std::uint64_t pattern) {
    register std::uint64_t x20 asm("x20") = pattern + 1;
    register std::uint64_t x24 asm("x24") = pattern + 2;
    register std::uint64_t x28 asm("x28") = pattern + 3;
    register double d8 asm("d8") = static_cast<double>(pattern) + 4;
    register double d15 asm("d15") = static_cast<double>(pattern) + 5;
    asm volatile("" : "+r"(x20), "+r"(x24), "+r"(x28), "+w"(d8), "+w"(d15));
    f.switch_to();
    asm volatile("" : "+r"(x20), "+r"(x24), "+r"(x28), "+w"(d8), "+w"(d15));
    return (x20 == pattern + 1) + (x24 == pattern + 2) + (x28 == pattern + 3) +
           (d8 == static_cast<double>(pattern) + 4) + (d15 == static_cast<double>(pattern) + 5);
}
void spoil_registers() {
    asm volatile("mov x20, #1; mov x24, #2; mov x28, #3; fmov d8, #1.0; fmov d15, #2.0" ::
                     : "x20", "x24", "x28", "d8", "d15");
}
constexpr int kept = 5;
#endif

TEST(switch_stack, preserves_the_registers_that_a_call_preserves) {
    int kept_inside = 0;
    fiber<> other([] {
        for (;;) {
            spoil_registers();
            this_fiber::parent().switch_to();
        }
    });
    fiber<> f([&] {
        for (std::uint64_t i = 0; i < 10; ++i) kept_inside += registers_kept(other, 1000 * i);
    });
    other.set_parent(f.ref());
    f.switch_to();
    EXPECT_EQ(kept_inside, 10 * kept);
}

/// 1 / 3, rounded as is set.
double third() {
    volatile double one = 1, three = 3;
    return one / three;
}
long double long_third() {
    volatile long double one = 1, three = 3;
    return one / three;
}

TEST(switch_stack, each_fiber_rounds_its_own_way) {
    const double nearest = third();
    const long double long_nearest = long_third();
    fiber<> f([&] {
        std::fesetround(FE_UPWARD);
        const double up = third();
        const long double long_up = long_third();
        EXPECT_GT(up, nearest);
        this_fiber::parent().switch_to();
        EXPECT_EQ(std::fegetround(), FE_UPWARD);
        EXPECT_EQ(third(), up);
        EXPECT_EQ(long_third(), long_up);
    });
    f.switch_to();
    EXPECT_EQ(std::fegetround(), FE_TONEAREST);
    EXPECT_EQ(third(), nearest);
    EXPECT_EQ(long_third(), long_nearest);
    std::fesetround(FE_DOWNWARD);
    f.switch_to();
    EXPECT_EQ(std::fegetround(), FE_DOWNWARD);
    std::fesetround(FE_TONEAREST);
}

#if WEFT_TEST_BOOST_CONTEXT
/// How rounding is set before and after each of a few switches, by Boost.Context.
std::vector<int> rounding_by_boost() {
    std::vector<int> seen;
    boost::context::fiber f([&](boost::context::fiber&& back) {
        seen.push_back(std::fegetround());
        std::fesetround(FE_UPWARD);
        back = std::move(back).resume();
        seen.push_back(std::fegetround());
        return std::move(back);
    });
    std::fesetround(FE_DOWNWARD);
    f = std::move(f).resume();
    seen.push_back(std::fegetround());
    std::fesetround(FE_TOWARDZERO);
    f = std::move(f).resume();
    seen.push_back(std::fegetround());
    std::fesetround(FE_TONEAREST);
    return seen;
}

TEST(switch_stack, rounding_is_as_with_boost_context) {
    std::vector<int> seen;
    fiber<> f([&] {
        seen.push_back(std::fegetround());
        std::fesetround(FE_UPWARD);
        this_fiber::parent().switch_to();
        seen.push_back(std::fegetround());
    });
    std::fesetround(FE_DOWNWARD);
    f.switch_to();
    seen.push_back(std::fegetround());
    std::fesetround(FE_TOWARDZERO);
    f.switch_to();
    seen.push_back(std::fegetround());
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(seen, rounding_by_boost());
}
#endif

TEST(switch_stack, a_fiber_begins_as_its_maker_rounds) {
    std::fesetround(FE_UPWARD);
    fiber<int> f([](int) { return std::fegetround(); });
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(f.switch_to(0), FE_UPWARD);
    EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST(switch_stack, stacks_are_aligned_for_vectors) {
    const auto misaligned = [] {
        alignas(16) char place[16];
        char* volatile at = place;
        return static_cast<int>(reinterpret_cast<std::uintptr_t>(at) % 16);
    };
    fiber<int> f([&](int) {
        alignas(16) char place[16];
        char* volatile at = place;
        return misaligned() + static_cast<int>(reinterpret_cast<std::uintptr_t>(at) % 16);
    });
    EXPECT_EQ(f.switch_to(0), 0);
    struct alignas(64) wide {
        char data[64];
    } const kept_aligned{};
    fiber<int> g(
        [kept_aligned](int) { return static_cast<int>(reinterpret_cast<std::uintptr_t>(&kept_aligned) % 64); });
    EXPECT_EQ(g.switch_to(0), 0);
}

}  // namespace
