// SPDX-License-Identifier: Apache-2.0
#include "hook/shim.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weft_hook {

constinit std::atomic<const table*> offered{nullptr};
constinit bool logs = false;

namespace {

/// stderr, past whatever is hooked.
void say(const char* text, int length) noexcept {
    static hooked<ssize_t(int, const void*, std::size_t)> libc_write("write");
    if (length > 0) (void)libc_write(2, text, static_cast<std::size_t>(length));
}

/// "libpq.so.5", or where it lies.
const char* object_of(const void* address) noexcept {
    Dl_info info{};
    if (!::dladdr(address, &info) || !info.dli_fname) return "?";
    const char* const slash = std::strrchr(info.dli_fname, '/');
    return slash ? slash + 1 : info.dli_fname;
}

/// Whether a place was told of before; from now on it is.
bool is_told_of(const void* caller) noexcept {
    static std::atomic<const void*> told[64];
    return told[reinterpret_cast<std::size_t>(caller) / 4 % 64].exchange(caller) == caller;
}

void say_stack() noexcept {
    void* frames[64];
    ::backtrace_symbols_fd(frames, ::backtrace(frames, 64), 2);
}

}  // namespace

void* find(const char* name, const char* version) noexcept {
    void* f = version ? ::dlvsym(RTLD_NEXT, name, version) : nullptr;
    if (!f) f = ::dlsym(RTLD_NEXT, name);
    if (f) return f;
    char text[128];
    say(text, std::snprintf(text, sizeof text, "weft_hook: libc has no %s\n", name));
    std::abort();
}

void log_taken_over(const char* name, const void* caller) noexcept {
    const kept_errno before;
    char text[256];
    say(text, std::snprintf(text, sizeof text, "weft_hook: %s is taken over (first called by %s)\n", name,
                            object_of(caller)));
    before.restore();
}

void report(const char* sentence, const void* caller) noexcept {
    if (is_told_of(caller)) return;
    const kept_errno before;
    char text[512];
    say(text, std::snprintf(text, sizeof text, "weft_hook: %s:\n", sentence));
    say_stack();
    before.restore();
}

void report_blocking(const char* name, const void* caller) noexcept {
    if (is_told_of(caller)) return;
    const kept_errno before;
    char fiber[256] = "";
    offered.load()->describe(fiber, sizeof fiber);
    char text[512];
    say(text, std::snprintf(text, sizeof text, "weft_hook: %s blocks the loop, in %s:\n", name, fiber));
    say_stack();
    before.restore();
}

limit limit::in(long long nanoseconds) noexcept {
    const long long now = offered.load(std::memory_order_relaxed)->now();
    constexpr long long latest = 0x7fff'ffff'ffff'ffff;
    return limit(nanoseconds > latest - now ? latest : now + (nanoseconds > 0 ? nanoseconds : 0));
}

long long limit::left() const noexcept {
    if (at_ < 0) return -1;
    const long long now = offered.load(std::memory_order_relaxed)->now();
    return at_ > now ? at_ - now : 0;
}

int wait(weft_hook_parking* p, const pollfd* descriptors, unsigned count, limit until, unsigned flags) noexcept {
    const kept_errno before;
    const int result = offered.load(std::memory_order_relaxed)->wait(p, descriptors, count, until.left(), flags);
    before.restore();
    return result;
}

}  // namespace weft_hook

extern "C" [[gnu::visibility("default")]] void weft_hook_offer(const weft_hook_table* table) {
    const weft_hook::table* none = nullptr;
    if (table->version == 1) weft_hook::offered.compare_exchange_strong(none, table, std::memory_order_acq_rel);
}

namespace {
[[gnu::constructor]] void read_environment() {
    const char* const value = std::getenv("WEFT_HOOK_LOG");
    weft_hook::logs = value && *value && *value != '0';
}
}  // namespace
