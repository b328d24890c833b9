// SPDX-License-Identifier: Apache-2.0

// Load for an echo server on 127.0.0.1: every connection keeps one message in flight and verifies what comes back.
//
// Compiled with WITH_TLS it is echo_tls_load, which speaks TLS and believes every server.
//
//   echo_load PORT [--connections 64] [--size 64] [--seconds 2] [--warmup 0.3] [--rate N] [--server-pid PID]
//
// Prints one line of JSON. Messages, latencies and the server's CPU time are those of the interval after the warm-up. The CPU
// is the first field of /proc/PID/task/*/schedstat: the scheduler's own count in nanoseconds, kernel work included. The
// client polls and never sleeps: waking it would be charged to the server's send, and at one connection in a virtual machine
// that costs twice the message itself. With --rate the messages of all connections together are paced to N per second:
// servers are then compared at the same load instead of each at its own.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/ssl.h>
#endif

struct connection {
    int fd;
    size_t sent, received;  // of the message in flight
    uint64_t number;  // of the message in flight: its first bytes, so that an echo of an older one is noticed
    int64_t started;
    bool in_flight;
#ifdef WITH_TLS
    SSL* ssl;
#endif
};

// Latencies are counted in 32 cells per power of two of nanoseconds: quantiles within 3 %.
enum { cells_per_power = 32, cells = 64 * cells_per_power };

static int port = 0, connections = 64, server_pid = 0;
static size_t message_bytes = 64;
static double seconds = 2, warmup = 0.3, rate = 0;

static int poller;
static char *message, *echo;  // the pattern that is sent; where echoes are received
static struct connection** waiting;  // with --rate: who may send next, a ring
static size_t waiting_head, waiting_tail;
static uint64_t counts[cells], finished;

static void fail(const char* what) {
    fprintf(stderr, "echo_load: %s: %s\n", what, errno ? strerror(errno) : "wrong answer");
    exit(1);
}

// As send(2) and recv(2), by TLS or without.
#ifdef WITH_TLS
static SSL_CTX* context;

static ssize_t result_of(struct connection* c, int done, size_t count) {
    if (done == 1) return (ssize_t)count;
    const int error = SSL_get_error(c->ssl, done);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
}
static ssize_t put(struct connection* c, const void* bytes, size_t size) {
    size_t count = 0;
    return result_of(c, SSL_write_ex(c->ssl, bytes, size, &count), count);
}
static ssize_t get(struct connection* c, void* into, size_t size) {
    size_t count = 0;
    return result_of(c, SSL_read_ex(c->ssl, into, size, &count), count);
}
static void secure(struct connection* c) {
    c->ssl = SSL_new(context);
    if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 || SSL_connect(c->ssl) != 1) errno = EPROTO, fail("handshake");
}
#else
static ssize_t put(struct connection* c, const void* bytes, size_t size) {
    return send(c->fd, bytes, size, MSG_NOSIGNAL);
}
static ssize_t get(struct connection* c, void* into, size_t size) { return recv(c->fd, into, size, 0); }
static void secure(struct connection* c) { (void)c; }
#endif

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int64_t server_cpu(void) {
    if (server_pid == 0) return 0;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", server_pid);
    DIR* tasks = opendir(path);
    if (tasks == NULL) fail(path);
    int64_t total = 0;
    for (struct dirent* task; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.') continue;
        char file[512];
        snprintf(file, sizeof file, "%s/%s/schedstat", path, task->d_name);
        FILE* statistics = fopen(file, "r");
        long long nanoseconds = 0;
        if (statistics == NULL) continue;  // The thread has just ended.
        if (fscanf(statistics, "%lld", &nanoseconds) == 1) total += nanoseconds;
        fclose(statistics);
    }
    closedir(tasks);
    return total;
}

static size_t cell_of(uint64_t value) {
    if (value < cells_per_power) return value;
    int shift = 63 - __builtin_clzll(value) - 5;
    return (size_t)(shift + 1) * cells_per_power + (value >> shift) - cells_per_power;
}

static double quantile_us(double fraction) {
    uint64_t total = 0, seen = 0;
    for (size_t i = 0; i < cells; ++i) total += counts[i];
    for (size_t i = 0; i < cells; ++i) {
        seen += counts[i];
        if (seen == 0 || seen < fraction * total) continue;
        if (i < cells_per_power) return i / 1e3;
        return ((double)(i % cells_per_power) + cells_per_power + 0.5) * (double)(1ULL << (i / cells_per_power - 1)) /
               1e3;
    }
    return 0;
}

static void push(struct connection* c) {
    while (c->sent < message_bytes) {
        size_t stamp = c->sent < sizeof c->number ? sizeof c->number - c->sent : 0;
        if (stamp > 0) memcpy(message, &c->number, sizeof c->number < message_bytes ? sizeof c->number : message_bytes);
        ssize_t sent = put(c, message + c->sent, message_bytes - c->sent);
        if (sent < 0 && errno == EAGAIN) return;
        if (sent < 0) fail("send");
        c->sent += (size_t)sent;
    }
}

static void start(struct connection* c, int64_t time) {
    c->sent = c->received = 0;
    ++c->number;
    c->started = time;
    c->in_flight = true;
    push(c);
}

static void verify(struct connection* c, size_t size) {
    const size_t stamp = sizeof c->number < message_bytes ? sizeof c->number : message_bytes;
    size_t i = 0;
    for (; i < size && c->received + i < stamp; ++i)
        if (echo[i] != ((const char*)&c->number)[c->received + i]) errno = 0, fail("echo");
    if (memcmp(echo + i, message + c->received + i, size - i) != 0) errno = 0, fail("echo");
}

/// Receives what is there; a complete echo starts the next message (or, paced, queues for its turn).
/// @return whether more may be there without another event
static bool pull(struct connection* c) {
    const size_t wanted = c->in_flight ? message_bytes - c->received : 0;
    // One byte more than may come: an echo that repeats itself is noticed, and a short count proves the socket empty.
    ssize_t received = get(c, echo, wanted + 1);
    if (received < 0 && errno == EAGAIN) return false;
    if (received == 0) errno = ECONNRESET;
    if (received <= 0) fail("recv");
    if ((size_t)received > wanted) errno = 0, fail("echo");
    verify(c, (size_t)received);
    c->received += (size_t)received;
#ifdef WITH_TLS
    const bool more = true;  // one record is not all
#else
    const bool more = false;
#endif
    if (c->received < message_bytes) return more;
    const int64_t time = now();
    ++counts[cell_of((uint64_t)(time - c->started))];
    ++finished;
    c->in_flight = false;
    if (rate == 0)
        start(c, time);
    else
        waiting[waiting_tail++ % (size_t)connections] = c;
    return more;
}

static void open_connections(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    for (int i = 0; i < connections; ++i) {
        struct connection* c = calloc(1, sizeof *c);
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr*)&address, sizeof address) != 0) fail("connect");
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        secure(c);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);  // Not before: connecting may have to wait for the server's accept.
        struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &interest) != 0) fail("epoll_ctl");
        c->number = (uint64_t)i << 40;
        waiting[waiting_tail++ % (size_t)connections] = c;
    }
}

static void start_due(int64_t time) {
    static int64_t began = 0;
    static uint64_t started = 0;
    if (began == 0) began = time;
    const double due = rate == 0 ? 1e18 : (double)(time - began) / 1e9 * rate;
    for (; waiting_head != waiting_tail && (double)started < due; ++started)
        start(waiting[waiting_head++ % (size_t)connections], time);
}

static void run_until(int64_t end) {
    for (int64_t time = now(); time < end; time = now()) {
        start_due(time);
        struct epoll_event events[512];
        const int ready = epoll_wait(poller, events, 512, 0);
        for (int i = 0; i < ready; ++i) {
            struct connection* c = events[i].data.ptr;
            if (c->in_flight && c->sent < message_bytes) push(c);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
                while (pull(c)) {
                }
            }
        }
    }
}

static void parse(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const char* name = argv[i];
        if (name[0] != '-') {
            port = atoi(name);
            continue;
        }
        const double value = i + 1 < argc ? atof(argv[++i]) : 0;
        if (strcmp(name, "--connections") == 0)
            connections = (int)value;
        else if (strcmp(name, "--size") == 0)
            message_bytes = (size_t)value;
        else if (strcmp(name, "--seconds") == 0)
            seconds = value;
        else if (strcmp(name, "--warmup") == 0)
            warmup = value;
        else if (strcmp(name, "--rate") == 0)
            rate = value;
        else if (strcmp(name, "--server-pid") == 0)
            server_pid = (int)value;
        else
            errno = EINVAL, fail(name);
    }
    if (port <= 0 || connections <= 0 || message_bytes == 0) errno = EINVAL, fail("PORT, --connections, --size");
}

int main(int argc, char** argv) {
    parse(argc, argv);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poller = epoll_create1(0);
#ifdef WITH_TLS
    signal(SIGPIPE, SIG_IGN);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
#endif
    message = malloc(message_bytes);
    echo = malloc(message_bytes + 1);
    waiting = calloc((size_t)connections, sizeof *waiting);
    for (size_t i = 0; i < message_bytes; ++i) message[i] = (char)(i * 131 + i / 251);
    open_connections();

    run_until(now() + (int64_t)(warmup * 1e9));
    memset(counts, 0, sizeof counts);
    finished = 0;
    const int64_t cpu_before = server_cpu(), before = now();
    run_until(before + (int64_t)(seconds * 1e9));
    const int64_t after = now(), cpu = server_cpu() - cpu_before;
    if (finished == 0) {
        fprintf(stderr, "echo_load: no message came back in the interval\n");
        return 2;
    }

    const double elapsed = (double)(after - before) / 1e9;
    printf(
        "{\"messages\": %llu, \"seconds\": %.3f, \"messages_per_second\": %.0f, \"server_cpu_us_per_message\": %.4f, "
        "\"latency_p50_us\": %.1f, \"latency_p99_us\": %.1f}\n",
        (unsigned long long)finished, elapsed, (double)finished / elapsed, (double)cpu / 1e3 / (double)finished,
        quantile_us(0.5), quantile_us(0.99));
}
