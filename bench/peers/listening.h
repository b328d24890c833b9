// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every echo server in C starts with: a loopback socket that listens, its port announced on stdout, and SIGTERM ending
// the process with status 0 (there is nothing to save: connections die with the process).

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void die(const char* what) {
    perror(what);
    exit(1);
}

static inline void leave(int signal_number) {
    (void)signal_number;
    _exit(0);
}

/// Listens on 127.0.0.1:`port` (0: any free port). `type_flags` is SOCK_NONBLOCK or 0.
static inline int listen_on(int port, int type_flags) {
    signal(SIGTERM, leave);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | type_flags, 0);
    if (listener < 0) die("socket");
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Accepted sockets inherit TCP_NODELAY: one system call here instead of one per connection.
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0) die("bind");
    if (listen(listener, 4096) != 0) die("listen");
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr*)&address, &size);
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}
