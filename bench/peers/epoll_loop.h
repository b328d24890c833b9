// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the echo servers on epoll have in common: their loop. A descriptor is registered once, edge-triggered, for
// everything; nothing is ever modified. The file that includes this says what a connection is and what is done with it.

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>

#include "listening.h"

enum { buffer_bytes = 64 * 1024, batch = 512 };

static char shared[buffer_bytes];  // by all connections: it stays in the cache

struct connection;
static struct connection* make_connection(int fd);
/// Serves one edge. False: the connection is finished.
static bool serve(struct connection* c, uint32_t events);
static void drop(struct connection* c);

static inline void accept_all(int poller, int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                       .data.ptr = make_connection(fd)};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest) != 0) die("epoll_ctl");
    }
}

/// Serves whoever connects to 127.0.0.1:`port` (0: any free port).
static inline int run(int port) {
    int listener = listen_on(port, SOCK_NONBLOCK);
    int poller = epoll_create1(EPOLL_CLOEXEC);
    // Level-triggered, so that an accept refused for want of descriptors is tried again.
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = NULL};
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &interest) != 0) die("epoll");
    for (;;) {
        struct epoll_event events[batch];
        int ready = epoll_wait(poller, events, batch, -1);
        for (int i = 0; i < ready; ++i) {
            struct connection* c = events[i].data.ptr;
            if (c == NULL)
                accept_all(poller, listener);
            else if (!serve(c, events[i].events))
                drop(c);
        }
    }
}
