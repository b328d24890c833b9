// SPDX-License-Identifier: Apache-2.0
#include "fiber/overflow_report.hpp"

#include "fiber/fiber_thread.hpp"
#include "fiber/fiber_title.hpp"

#include <signal.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <mutex>
#include <string_view>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

namespace weft::inline v0 {

namespace {

struct sigaction handled_before;

/// Text for stderr, put together without memory or locks: a signal handler has neither.
class signal_text {
public:
    signal_text& operator<<(std::string_view text) noexcept {
        const std::size_t taken = std::min(text.size(), sizeof text_ - used_);
        std::memcpy(text_ + used_, text.data(), taken);
        used_ += taken;
        return *this;
    }
    signal_text& operator<<(std::size_t number) noexcept {
        char digits[20];
        const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
        return *this << std::string_view(digits, end);
    }
    void write() const noexcept {
        for (std::size_t at = 0; at < used_;) {
            const ssize_t written = ::write(STDERR_FILENO, text_ + at, used_ - at);
            if (written <= 0) return;
            at += static_cast<std::size_t>(written);
        }
    }

private:
    char text_[1024];
    std::size_t used_ = 0;
};

void report(const fiber_core& fiber) noexcept {
    const fiber_title title(fiber);
    const std::source_location made_at = title.made_at();
    signal_text text;
    text << "weft: stack overflow: fiber";
    if (!title.name().empty()) text << " '" << title.name() << "'";
    text << " has used up its " << fiber.stack().bytes() << " bytes (fiber_options::stack_bytes)\n";
    if (made_at.line() != 0) {
        text << "  made at " << made_at.file_name() << ":" << std::size_t{made_at.line()} << ", in "
             << made_at.function_name() << "\n";
    }
    if (const std::source_location where = fiber.where(); where.line() != 0 && where.line() != made_at.line()) {
        text << "  last switched at " << where.file_name() << ":" << std::size_t{where.line()} << ", in "
             << where.function_name() << "\n";
    }
    text.write();
}

void hand_on(int signal, siginfo_t* info, void* context) noexcept {
    if (handled_before.sa_flags & SA_SIGINFO) return handled_before.sa_sigaction(signal, info, context);
    if (handled_before.sa_handler != SIG_DFL && handled_before.sa_handler != SIG_IGN)
        return handled_before.sa_handler(signal);
    // Back to the instruction that could not be carried out, which now has the default effect. One that was sent by a
    // process would not come again by itself.
    struct sigaction by_default = {};
    by_default.sa_handler = SIG_DFL;
    ::sigaction(signal, &by_default, nullptr);
    if (info->si_code <= 0) ::raise(signal);
}

void on_fault(int signal, siginfo_t* info, void* context) noexcept {
    const fiber_thread* const thread = fiber_thread::here_or_null();
    if (info->si_code > 0 && thread && thread->current->stack().guards(info->si_addr)) report(*thread->current);
    hand_on(signal, info, context);
}

}  // namespace

void install_overflow_report() noexcept {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction ours = {};
        ours.sa_sigaction = &on_fault;
        ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
        sigemptyset(&ours.sa_mask);
        if (::sigaction(SIGSEGV, nullptr, &handled_before) == 0) ::sigaction(SIGSEGV, &ours, nullptr);
    });
}

std::unique_ptr<std::byte[]> add_signal_stack() {
    stack_t there = {};
    if (::sigaltstack(nullptr, &there) != 0 || !(there.ss_flags & SS_DISABLE)) return nullptr;
    // Room for the registers, which grow with the processor, for us, and for a handler behind us that wants to say more.
    const std::size_t bytes = ::getauxval(AT_MINSIGSTKSZ) + 64 * 1024;
    auto memory = std::make_unique_for_overwrite<std::byte[]>(bytes);
    stack_t added = {};
    added.ss_sp = memory.get();
    added.ss_size = bytes;
    if (::sigaltstack(&added, nullptr) != 0) return nullptr;
    return memory;
}

void remove_signal_stack(const std::byte* memory) noexcept {
    stack_t there = {};
    if (::sigaltstack(nullptr, &there) != 0 || there.ss_sp != memory) return;
    there.ss_flags = SS_DISABLE;
    ::sigaltstack(&there, nullptr);
}

}  // namespace weft::inline v0
