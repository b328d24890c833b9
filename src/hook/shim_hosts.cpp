// SPDX-License-Identifier: Apache-2.0
// gethostbyname, gethostbyaddr and their like, which came before getaddrinfo: libc's, on another thread.
#include "hook/shim.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace weft_hook {
namespace {

constinit hooked<hostent*(const char*)> libc_gethostbyname("gethostbyname");
constinit hooked<hostent*(const char*, int)> libc_gethostbyname2("gethostbyname2");
constinit hooked<hostent*(const void*, socklen_t, int)> libc_gethostbyaddr("gethostbyaddr");
constinit hooked<int(const char*, hostent*, char*, std::size_t, hostent**, int*)>
    libc_gethostbyname_r("gethostbyname_r");
constinit hooked<int(const char*, int, hostent*, char*, std::size_t, hostent**, int*)>
    libc_gethostbyname2_r("gethostbyname2_r");
constinit hooked<int(const void*, socklen_t, int, hostent*, char*, std::size_t, hostent**, int*)>
    libc_gethostbyaddr_r("gethostbyaddr_r");

/// What is asked, and answered: outlives a caller that is cancelled, whose memory must not be touched then.
struct question {
    std::atomic<int> references{2};
    int family = AF_UNSPEC;  // AF_UNSPEC: of a name, as gethostbyname() has it
    bool is_address = false;
    socklen_t length = 0;
    char asked[1025];  // NI_MAXHOST
    hostent entry;
    hostent* found = nullptr;
    int result = 0;
    int error = NETDB_INTERNAL;
    char room[16 * 1024];

    void ask() noexcept {
        result = is_address ? libc_gethostbyaddr_r(asked, length, family, &entry, room, sizeof room, &found, &error)
                 : family == AF_UNSPEC
                     ? libc_gethostbyname_r(asked, &entry, room, sizeof room, &found, &error)
                     : libc_gethostbyname2_r(asked, family, &entry, room, sizeof room, &found, &error);
    }
    void let_go() noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(this);
    }
};

/// Puts one thing after another into the room of a caller.
struct packer {
    char* at;
    std::size_t left;
    bool fits = true;

    char* put(const void* from, std::size_t size, std::size_t alignment = 1) noexcept {
        const std::size_t gap = (alignment - reinterpret_cast<std::uintptr_t>(at) % alignment) % alignment;
        if (!fits || gap > left || size > left - gap) {
            fits = false;
            return nullptr;
        }
        char* const to = at + gap;
        if (from) std::memcpy(to, from, size);
        at = to + size;
        left -= gap + size;
        return to;
    }
    /// A list that a null ends. @param size  of each; 0: they are text
    char** put_list(char* const* list, std::size_t size) noexcept {
        std::size_t count = 0;
        while (list && list[count]) ++count;
        auto** const to = reinterpret_cast<char**>(put(nullptr, (count + 1) * sizeof(char*), alignof(char*)));
        for (std::size_t i = 0; to && i < count; ++i) {
            to[i] = put(list[i], size ? size : std::strlen(list[i]) + 1, size ? alignof(std::uint32_t) : 1);
        }
        if (to) to[count] = nullptr;
        return to;
    }
};

/// As gethostbyname_r(). @return 0, also where there is no such host; else errno
int look_up(const void* asked, std::size_t size, bool is_address, int family, hostent* entry, char* room,
            std::size_t bytes, hostent** found, int* error) noexcept {
    *found = nullptr;
    *error = NO_RECOVERY;
    if (size > sizeof(question::asked)) return EINVAL;
    void* const memory = std::malloc(sizeof(question));
    if (!memory) return ENOMEM;
    const kept_errno before;
    auto* const q = new (memory) question;
    std::memcpy(q->asked, asked, size);
    q->is_address = is_address;
    q->length = static_cast<socklen_t>(size);
    q->family = family;
    const int sent = ask_elsewhere(*q);
    int result = -sent;
    *error = NETDB_INTERNAL;
    if (sent == 0) {
        result = q->result;
        *error = q->error;
    }
    if (sent == 0 && q->found) {
        packer to{room, bytes};
        entry->h_aliases = to.put_list(q->entry.h_aliases, 0);
        entry->h_addr_list = to.put_list(q->entry.h_addr_list, static_cast<std::size_t>(q->entry.h_length));
        entry->h_name = to.put(q->entry.h_name, std::strlen(q->entry.h_name) + 1);
        entry->h_addrtype = q->entry.h_addrtype;
        entry->h_length = q->entry.h_length;
        if (to.fits) *found = entry;
        if (!to.fits) *error = NETDB_INTERNAL;
        if (!to.fits) result = ERANGE;
    }
    q->let_go();
    before.restore();
    return result;
}

/// What gethostbyname() gives on this thread, until it or one of its like is called again. It stays when the thread ends.
struct last_host {
    hostent entry;
    char room[16 * 1024];
};
constinit thread_local last_host* last = nullptr;

hostent* look_up_for_this_thread(const void* asked, std::size_t size, bool is_address, int family) noexcept {
    if (!last) last = static_cast<last_host*>(std::calloc(1, sizeof(last_host)));
    hostent* found = nullptr;
    int error = NO_RECOVERY;
    const int result =
        last ? look_up(asked, size, is_address, family, &last->entry, last->room, sizeof last->room, &found, &error)
             : ENOMEM;
    if (!found) h_errno = error;
    if (result) errno = result;
    return found;
}

std::size_t size_of(const char* name) noexcept { return std::strlen(name) + 1; }

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

hostent* gethostbyname(const char* name) {
    if (!libc_gethostbyname.is_taken_over(__builtin_return_address(0))) return libc_gethostbyname(name);
    return look_up_for_this_thread(name, size_of(name), false, AF_UNSPEC);
}
hostent* gethostbyname2(const char* name, int family) {
    if (!libc_gethostbyname2.is_taken_over(__builtin_return_address(0))) return libc_gethostbyname2(name, family);
    return look_up_for_this_thread(name, size_of(name), false, family);
}
hostent* gethostbyaddr(const void* address, socklen_t length, int family) {
    if (!libc_gethostbyaddr.is_taken_over(__builtin_return_address(0)))
        return libc_gethostbyaddr(address, length, family);
    return look_up_for_this_thread(address, length, true, family);
}

int gethostbyname_r(const char* name, hostent* entry, char* room, std::size_t bytes, hostent** found, int* error) {
    if (!libc_gethostbyname_r.is_taken_over(__builtin_return_address(0)))
        return libc_gethostbyname_r(name, entry, room, bytes, found, error);
    return look_up(name, size_of(name), false, AF_UNSPEC, entry, room, bytes, found, error);
}
int gethostbyname2_r(const char* name, int family, hostent* entry, char* room, std::size_t bytes, hostent** found,
                     int* error) {
    if (!libc_gethostbyname2_r.is_taken_over(__builtin_return_address(0)))
        return libc_gethostbyname2_r(name, family, entry, room, bytes, found, error);
    return look_up(name, size_of(name), false, family, entry, room, bytes, found, error);
}
int gethostbyaddr_r(const void* address, socklen_t length, int family, hostent* entry, char* room, std::size_t bytes,
                    hostent** found, int* error) {
    if (!libc_gethostbyaddr_r.is_taken_over(__builtin_return_address(0)))
        return libc_gethostbyaddr_r(address, length, family, entry, room, bytes, found, error);
    return look_up(address, length, true, family, entry, room, bytes, found, error);
}

#pragma GCC visibility pop
}
