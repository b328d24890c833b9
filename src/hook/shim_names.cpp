// SPDX-License-Identifier: Apache-2.0
// getaddrinfo and gethostbyname: libc's, on another thread.
#include "hook/shim.hpp"

#include <netdb.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace weft_hook {
namespace {

constinit hooked<int(const char*, const char*, const addrinfo*, addrinfo**)> libc_getaddrinfo("getaddrinfo");
constinit hooked<hostent*(const char*)> libc_gethostbyname("gethostbyname");

constexpr std::size_t longest_name = 1025;  // NI_MAXHOST

/// What is asked, and answered: outlives a caller that is cancelled, whose memory must not be touched then.
struct question {
    std::atomic<int> references{2};
    char node[longest_name];
    char service[64];
    addrinfo hints;
    bool has_node, has_service, has_hints;
    addrinfo* answer = nullptr;
    int result = EAI_SYSTEM;
    int error = ECANCELED;

    void ask() noexcept {
        result = libc_getaddrinfo(has_node ? node : nullptr, has_service ? service : nullptr,
                                  has_hints ? &hints : nullptr, &answer);
        error = errno;
    }
    void let_go() noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        if (answer) ::freeaddrinfo(answer);
        std::free(this);
    }
};

bool keep(char* to, std::size_t room, const char* text, bool& is_there) noexcept {
    is_there = text != nullptr;
    const std::size_t length = text ? std::strlen(text) : 0;
    if (length >= room) return false;
    std::memcpy(to, text ? text : "", length + 1);
    return true;
}

int resolve_on_fiber(const char* node, const char* service, const addrinfo* hints, addrinfo** answer) noexcept {
    void* const memory = std::malloc(sizeof(question));
    if (!memory) return EAI_MEMORY;
    const kept_errno before;
    auto* const q = new (memory) question;
    if (!keep(q->node, sizeof q->node, node, q->has_node) ||
        !keep(q->service, sizeof q->service, service, q->has_service)) {
        std::free(q);
        return EAI_NONAME;
    }
    q->has_hints = hints != nullptr;
    if (hints) q->hints = *hints;
    const int sent = offered.load(std::memory_order_relaxed)
                         ->elsewhere([](void* context) { static_cast<question*>(context)->ask(); },
                                     [](void* context) { static_cast<question*>(context)->let_go(); }, q);
    int result = EAI_SYSTEM, error = -sent;
    if (sent == 0) {
        result = q->result;
        error = q->error;
        if (result == 0) {
            *answer = q->answer;
            q->answer = nullptr;
        }
    }
    q->let_go();
    before.restore();
    if (result == EAI_SYSTEM) errno = error;
    return result;
}

/// What gethostbyname() gives on this thread, until it is called again.
struct last_host {
    hostent entry;
    in_addr addresses[32];
    char* list[33];
    char* no_aliases[1];
    char name[longest_name];
};
thread_local last_host last;

hostent* look_up_on_fiber(const char* name) noexcept {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_CANONNAME;
    addrinfo* found = nullptr;
    const int error = resolve_on_fiber(name, nullptr, &hints, &found);
    if (error) {
        h_errno = error == EAI_NONAME ? HOST_NOT_FOUND : error == EAI_AGAIN ? TRY_AGAIN : NO_RECOVERY;
        return nullptr;
    }
    std::strncpy(last.name, found->ai_canonname ? found->ai_canonname : name, sizeof last.name - 1);
    std::size_t count = 0;
    for (const addrinfo* a = found; a && count < 32; a = a->ai_next) {
        last.addresses[count] = reinterpret_cast<const sockaddr_in*>(a->ai_addr)->sin_addr;
        last.list[count] = reinterpret_cast<char*>(&last.addresses[count]);
        ++count;
    }
    last.list[count] = nullptr;
    ::freeaddrinfo(found);
    last.entry = {last.name, last.no_aliases, AF_INET, sizeof(in_addr), last.list};
    return &last.entry;
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** answer) {
    const bool is_numeric = hints && (hints->ai_flags & AI_NUMERICHOST);
    if (is_numeric || !libc_getaddrinfo.is_taken_over(__builtin_return_address(0)))
        return libc_getaddrinfo(node, service, hints, answer);
    return resolve_on_fiber(node, service, hints, answer);
}

hostent* gethostbyname(const char* name) {
    if (!libc_gethostbyname.is_taken_over(__builtin_return_address(0))) return libc_gethostbyname(name);
    return look_up_on_fiber(name);
}

#pragma GCC visibility pop
}
