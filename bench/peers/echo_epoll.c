// SPDX-License-Identifier: Apache-2.0

// Echo server on epoll: the yardstick for weft's epoll backend. Usage: echo_epoll PORT (0: any free port).
//
// Per message it makes one recv and one send, plus one epoll_wait per batch of ready connections:
//  - a descriptor is registered once, edge-triggered, for everything; nothing is ever modified (epoll_loop.h);
//  - nothing is read before epoll says so, and a recv that did not fill the buffer is not repeated to hear EAGAIN: what
//    arrives later raises a new edge. Only an end of stream may share an edge with data, and EPOLLRDHUP tells of it;
//  - all connections share one receive buffer, which stays in the cache. Only a peer that does not read its echo gets a
//    buffer of its own (allocated once, kept), and is not read from until it is empty: memory stays bounded.

#define _GNU_SOURCE
#include "epoll_loop.h"

struct connection {
    int fd;
    char* unsent;  // buffer_bytes, allocated at the first short send
    size_t begin, end;  // what of `unsent` still waits for the socket to be writable
};

static struct connection* make_connection(int fd) {
    struct connection* c = calloc(1, sizeof *c);
    if (c == NULL) die("calloc");
    c->fd = fd;
    return c;
}

static void drop(struct connection* c) {
    close(c->fd);
    free(c->unsent);
    free(c);
}

static bool would_block(void) { return errno == EAGAIN || errno == EWOULDBLOCK; }

/// Sends what the socket takes and keeps the rest. False: the connection is dead.
static bool echo(struct connection* c, const char* data, size_t size) {
    ssize_t sent = send(c->fd, data, size, MSG_NOSIGNAL);
    if (sent == (ssize_t)size) return true;
    if (sent < 0 && !would_block()) return false;
    if (sent < 0) sent = 0;
    if (c->unsent == NULL && (c->unsent = malloc(buffer_bytes)) == NULL) return false;
    c->begin = 0;
    c->end = size - (size_t)sent;
    memcpy(c->unsent, data + sent, c->end);
    return true;
}

/// Sends what an earlier echo had to keep, until it is gone or the socket is full again. False: the connection is dead.
static bool flush(struct connection* c) {
    while (c->begin < c->end) {
        ssize_t sent = send(c->fd, c->unsent + c->begin, c->end - c->begin, MSG_NOSIGNAL);
        if (sent < 0) return would_block();
        c->begin += (size_t)sent;
    }
    return true;
}

static bool serve(struct connection* c, uint32_t events) {
    bool drain = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (c->begin < c->end) {
        if (!flush(c)) return false;
        if (c->begin < c->end) return true;
        drain = true;  // Edges that came while we were not reading are spent: read until there is nothing.
    }
    if (!drain && !(events & EPOLLIN)) return true;
    for (;;) {
        ssize_t received = recv(c->fd, shared, sizeof shared, 0);
        if (received == 0) return false;
        if (received < 0) return would_block();
        if (!echo(c, shared, (size_t)received)) return false;
        if (c->begin < c->end) return true;  // The writable edge continues from here.
        if (!drain && received < (ssize_t)sizeof shared) return true;
    }
}

int main(int argc, char** argv) { return run(argc > 1 ? atoi(argv[1]) : 0); }
