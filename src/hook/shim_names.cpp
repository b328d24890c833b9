// SPDX-License-Identifier: Apache-2.0
// getaddrinfo and getnameinfo: libc's, on another thread.
#include "hook/shim.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace weft_hook {
namespace {

constinit hooked<int(const char*, const char*, const addrinfo*, addrinfo**)> libc_getaddrinfo("getaddrinfo");
constinit hooked<int(const sockaddr*, socklen_t, char*, socklen_t, char*, socklen_t, int)>
    libc_getnameinfo("getnameinfo");

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
    const int sent = ask_elsewhere(*q);
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

/// The same of an address.
struct name_question {
    std::atomic<int> references{2};
    sockaddr_storage address;
    socklen_t length;
    int flags;
    char host[longest_name];
    char service[64];
    int result = EAI_SYSTEM;
    int error = ECANCELED;

    void ask() noexcept {
        result = libc_getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host, sizeof host, service,
                                  sizeof service, flags);
        error = errno;
    }
    void let_go() noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(this);
    }
};

bool give(char* to, socklen_t room, const char* text) noexcept {
    if (!to || room == 0) return true;
    const std::size_t size = std::strlen(text) + 1;
    if (size > room) return false;
    std::memcpy(to, text, size);
    return true;
}

int name_on_fiber(const sockaddr* address, socklen_t length, char* host, socklen_t host_room, char* service,
                  socklen_t service_room, int flags) noexcept {
    void* const memory = std::malloc(sizeof(name_question));
    if (!memory) return EAI_MEMORY;
    const kept_errno before;
    auto* const q = new (memory) name_question;
    std::memcpy(&q->address, address, length);
    q->length = length;
    q->flags = flags;
    const int sent = ask_elsewhere(*q);
    int result = EAI_SYSTEM, error = -sent;
    if (sent == 0) {
        result = q->result;
        error = q->error;
    }
    if (result == 0 && (!give(host, host_room, q->host) || !give(service, service_room, q->service)))
        result = EAI_OVERFLOW;
    q->let_go();
    before.restore();
    if (result == EAI_SYSTEM) errno = error;
    return result;
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

int getnameinfo(const sockaddr* address, socklen_t length, char* host, socklen_t host_room, char* service,
                socklen_t service_room, int flags) {
    const bool asks_nobody = (flags & NI_NUMERICHOST) || !host || host_room == 0;
    if (asks_nobody || length > sizeof(sockaddr_storage) ||
        !libc_getnameinfo.is_taken_over(__builtin_return_address(0)))
        return libc_getnameinfo(address, length, host, host_room, service, service_room, flags);
    return name_on_fiber(address, length, host, host_room, service, service_room, flags);
}

#pragma GCC visibility pop
}
