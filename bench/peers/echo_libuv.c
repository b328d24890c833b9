// SPDX-License-Identifier: Apache-2.0

// Echo server on libuv, the cheap way: uv_try_write sends at once, with no request and no callback; only what the socket does
// not take becomes a uv_write, during which nothing is read. Usage: echo_libuv PORT (0: any free port).

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct rest {
    uv_write_t request;
    char data[];
};

static char shared[64 * 1024];  // libuv fills one buffer at a time, and it is echoed before the next is asked for

static void check(int result, const char* what) {
    if (result >= 0) return;
    fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
    exit(1);
}

static void on_close(uv_handle_t* handle) { free(handle); }

static void drop(uv_stream_t* stream) {
    if (!uv_is_closing((uv_handle_t*)stream)) uv_close((uv_handle_t*)stream, on_close);
}

static void on_allocate(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer) {
    (void)handle, (void)suggested;
    *buffer = uv_buf_init(shared, sizeof shared);
}

static void on_read(uv_stream_t* stream, ssize_t received, const uv_buf_t* buffer);

static void on_written(uv_write_t* request, int status) {
    uv_stream_t* stream = request->handle;
    free(request);  // the first member of its struct rest
    if (status < 0)
        drop(stream);
    else
        uv_read_start(stream, on_allocate, on_read);
}

static void on_read(uv_stream_t* stream, ssize_t received, const uv_buf_t* buffer) {
    if (received == 0) return;  // would block
    if (received < 0) {
        drop(stream);
        return;
    }
    uv_buf_t data = uv_buf_init(buffer->base, (unsigned)received);
    int sent = uv_try_write(stream, &data, 1);
    if (sent == received) return;
    if (sent < 0 && sent != UV_EAGAIN) {
        drop(stream);
        return;
    }
    if (sent < 0) sent = 0;
    const size_t left = (size_t)(received - sent);
    struct rest* rest = malloc(sizeof *rest + left);
    memcpy(rest->data, buffer->base + sent, left);
    data = uv_buf_init(rest->data, (unsigned)left);
    uv_read_stop(stream);
    check(uv_write(&rest->request, stream, &data, 1, on_written), "uv_write");
}

static void on_connection(uv_stream_t* listener, int status) {
    if (status < 0) return;
    uv_tcp_t* connection = malloc(sizeof *connection);
    check(uv_tcp_init(listener->loop, connection), "uv_tcp_init");
    check(uv_accept(listener, (uv_stream_t*)connection), "uv_accept");
    uv_tcp_nodelay(connection, 1);
    uv_read_start((uv_stream_t*)connection, on_allocate, on_read);
}

static void on_terminate(uv_signal_t* handle, int number) {
    (void)number;
    uv_stop(handle->loop);
}

int main(int argc, char** argv) {
    uv_loop_t* loop = uv_default_loop();
    uv_signal_t terminate;
    uv_signal_init(loop, &terminate);
    uv_signal_start(&terminate, on_terminate, SIGTERM);

    uv_tcp_t listener;
    struct sockaddr_in address;
    int address_bytes = sizeof address;
    uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 0, &address);
    uv_tcp_init(loop, &listener);
    check(uv_tcp_bind(&listener, (struct sockaddr*)&address, 0), "uv_tcp_bind");
    check(uv_listen((uv_stream_t*)&listener, 4096, on_connection), "uv_listen");
    uv_tcp_getsockname(&listener, (struct sockaddr*)&address, &address_bytes);
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    uv_run(loop, UV_RUN_DEFAULT);
}
