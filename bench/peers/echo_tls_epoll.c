// SPDX-License-Identifier: Apache-2.0

// Echo server over TLS by bare OpenSSL on epoll: the yardstick for weft's TLS. Usage: echo_tls_epoll PORT CERTIFICATE KEY.
//
// As echo_epoll.c: registered once, edge-triggered, one shared buffer. OpenSSL reads and writes the socket itself. Its
// read-ahead is on, so that a record is one recv and not two; its buffers are released while a connection is idle, as
// weft's are (BENCH_KEEP_BUFFERS=1 keeps them).

#define _GNU_SOURCE
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "epoll_loop.h"

struct connection {
    int fd;
    SSL* ssl;
    char* unsent;  // buffer_bytes, allocated at the first write that had to wait
    size_t begin, end;
};

static SSL_CTX* context;

static struct connection* make_connection(int fd) {
    struct connection* c = calloc(1, sizeof *c);
    if (c == NULL) die("calloc");
    c->fd = fd;
    c->ssl = SSL_new(context);
    if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1) die("SSL_new");
    SSL_set_accept_state(c->ssl);
    return c;
}

static void drop(struct connection* c) {
    SSL_free(c->ssl);
    close(c->fd);
    free(c->unsent);
    free(c);
}

/// True: it only has to wait.
static bool waits(struct connection* c, int result) {
    const int error = SSL_get_error(c->ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/// Sends what the socket takes and keeps the rest. False: the connection is dead.
static bool echo(struct connection* c, const char* data, size_t size) {
    size_t sent = 0;
    while (sent < size) {
        size_t more = 0;
        ERR_clear_error();
        const int result = SSL_write_ex(c->ssl, data + sent, size - sent, &more);
        if (result == 1) {
            sent += more;
            continue;
        }
        if (!waits(c, result)) return false;
        if (data != c->unsent + c->begin) {
            if (c->unsent == NULL && (c->unsent = malloc(buffer_bytes)) == NULL) return false;
            c->begin = 0;
            c->end = size - sent;
            memcpy(c->unsent, data + sent, c->end);
        } else {
            c->begin += sent;
        }
        return true;
    }
    c->begin = c->end = 0;
    return true;
}

static bool serve(struct connection* c, uint32_t events) {
    if (c->begin == c->end && !(events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))) return true;
    if (c->begin < c->end) {
        if (!echo(c, c->unsent + c->begin, c->end - c->begin)) return false;
        if (c->begin < c->end) return true;
    }
    for (;;) {
        size_t received = 0;
        int result = 0;
        ERR_clear_error();
        // Several records that came together go back together.
        while (received < sizeof shared) {
            size_t more = 0;
            result = SSL_read_ex(c->ssl, shared + received, sizeof shared - received, &more);
            if (result != 1) break;
            received += more;
        }
        const bool alive = result == 1 || waits(c, result);
        if (received > 0 && !echo(c, shared, received)) return false;
        if (!alive) return false;
        if (result != 1 || c->begin < c->end) return true;
    }
}

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, argv[2]) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, argv[3], SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        return 1;
    }
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (getenv("BENCH_KEEP_BUFFERS") == NULL) SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    signal(SIGPIPE, SIG_IGN);
    return run(atoi(argv[1]));
}
