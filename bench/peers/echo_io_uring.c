// SPDX-License-Identifier: Apache-2.0

// Echo server on io_uring: the yardstick for weft's io_uring backend. Usage: echo_io_uring PORT (0: any free port).
//
// One io_uring_enter per batch does everything: it submits the sends of the last batch, waits, and runs the receives.
//  - DEFER_TASKRUN: receives run in one go when we ask for them, not as interrupts of the task (without it: 1.4 times the
//    CPU at 64 connections);
//  - one multishot accept, and one multishot receive per connection, which takes its buffers from a ring of provided ones. They
//    are 16 KiB: with 4 KiB, messages of 16 KiB cost three times as much. Their number, alignment and page size do not matter;
//  - a send goes out from the very buffer it was received in. DONTWAIT | WAITALL makes it finish inside the enter that submits
//    it, and CQE_SKIP_SUCCESS keeps it silent if all was sent. So the buffer is free when that enter has returned, and the
//    wait is for receives only: with a completion per send, a lone connection needs two enters a message;
//  - only a short send, an end of stream or a second chunk in one batch leave that path: the connection then has a buffer of
//    its own, and its receive is cancelled until that is sent, which bounds memory.
//  - direct descriptors (accepted into the ring's own table) save at most 1 %: kept, because a yardstick should.
// Measured and left out, for nothing outside the noise: POLL_FIRST, huge pages, more or fewer buffers, larger rings.

#define _GNU_SOURCE
#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "listening.h"

enum {
    submissions = 1024,
    completions = 8192,
    buffers = 512,
    buffer_bytes = 16 * 1024,
    unsent_limit_bytes = 256 * 1024,
    connection_slots = 16 * 1024
};

// What a completion is about: the low bits of its user_data. The others are the connection's address.
enum operation { op_accept, op_receive, op_send, op_cancel, op_close, operation_mask = 7 };

struct connection {
    int slot;  // of the ring's own descriptor table
    bool receiving;  // a multishot receive is armed,
    bool cancelling;  // and is being cancelled
    bool sending;  // a send will report its completion
    bool ended;  // end of stream or error: close once nothing is in flight
    uint64_t batch;  // in which the last silent send was queued: until that is submitted,
    struct io_uring_sqe* sqe;  // it is here and can still be made to report
    const char* data;  // what the last send sends: a provided buffer, or `outgoing`
    size_t bytes;
    char* outgoing;  // owned, in flight
    char* unsent;  // owned, goes out when the send in flight has reported
    size_t unsent_bytes;
};

static struct io_uring ring;
static struct io_uring_buf_ring* provided;
static char* memory;  // of the provided buffers
static int listener;
static uint64_t batch = 1;
static int lent;  // buffers at the end of `provided`, not published yet: sends may be reading them

/// Makes the silent send that waits in the submission queue report its completion.
static void report(struct connection* c) {
    c->sqe->flags &= (uint8_t)~IOSQE_CQE_SKIP_SUCCESS;
    c->sending = true;
}

static bool is_silent_send_queued(const struct connection* c) { return c->batch == batch && !c->sending; }

/// Submits in the middle of a batch. Receives that are handled after this must know whether the sends before it went through.
static void submit_early(void) {
    for (unsigned i = ring.sq.sqe_head; i != ring.sq.sqe_tail; ++i) {
        struct io_uring_sqe* sqe = &ring.sq.sqes[i & *ring.sq.kring_mask];
        if (sqe->opcode == IORING_OP_SEND && (sqe->flags & IOSQE_CQE_SKIP_SUCCESS))
            report((struct connection*)(uintptr_t)(sqe->user_data & ~(uint64_t)operation_mask));
    }
    io_uring_submit(&ring);
}

static struct io_uring_sqe* queue(enum operation operation, struct connection* c) {
    if (io_uring_sq_space_left(&ring) == 0) submit_early();
    struct io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_sqe_set_data64(sqe, (uintptr_t)c | operation);
    return sqe;
}

static void queue_accept(void) {
    io_uring_prep_multishot_accept_direct(queue(op_accept, NULL), listener, NULL, NULL, 0);
}

static void queue_receive(struct connection* c) {
    struct io_uring_sqe* sqe = queue(op_receive, c);
    io_uring_prep_recv_multishot(sqe, c->slot, NULL, 0, 0);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    c->receiving = true;
}

static void queue_cancel(struct connection* c) {
    io_uring_prep_cancel64(queue(op_cancel, NULL), (uintptr_t)c | op_receive, 0);
    c->cancelling = true;
}

static void queue_silent_send(struct connection* c, const char* data, size_t bytes) {
    struct io_uring_sqe* sqe = queue(op_send, c);
    io_uring_prep_send(sqe, c->slot, data, bytes, MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    c->sqe = sqe;
    c->batch = batch;
    c->data = data;
    c->bytes = bytes;
}

static void queue_send_of_unsent(struct connection* c) {
    c->data = c->outgoing = c->unsent;
    c->bytes = c->unsent_bytes;
    c->unsent = NULL;
    c->unsent_bytes = 0;
    c->sending = true;
    struct io_uring_sqe* sqe = queue(op_send, c);
    io_uring_prep_send(sqe, c->slot, c->data, c->bytes, MSG_NOSIGNAL | MSG_WAITALL);
    sqe->flags |= IOSQE_FIXED_FILE;
}

static void keep_unsent(struct connection* c, size_t position, const char* data, size_t bytes) {
    if (bytes == 0) return;
    c->unsent = realloc(c->unsent, c->unsent_bytes + bytes);
    if (c->unsent == NULL) die("realloc");
    memmove(c->unsent + position + bytes, c->unsent + position, c->unsent_bytes - position);
    memcpy(c->unsent + position, data, bytes);
    c->unsent_bytes += bytes;
}

/// Queues what the connection's state calls for; the last thing each completion does.
static void settle(struct connection* c) {
    if (c->ended && is_silent_send_queued(c)) report(c);
    const bool stop = c->ended || c->unsent_bytes > unsent_limit_bytes;
    if (c->receiving && stop && !c->cancelling) queue_cancel(c);
    if (c->receiving || c->sending) return;
    if (c->ended)
        io_uring_prep_close_direct(queue(op_close, c), c->slot);
    else
        queue_receive(c);
}

static void on_accept(const struct io_uring_cqe* cqe) {
    if (!(cqe->flags & IORING_CQE_F_MORE)) queue_accept();
    if (cqe->res < 0) return;
    struct connection* c = calloc(1, sizeof *c);
    if (c == NULL) die("calloc");
    c->slot = cqe->res;
    queue_receive(c);
}

/// Gives a buffer back; it is published only after the submission of a send that was queued from it.
static void give_back(unsigned buffer) {
    io_uring_buf_ring_add(provided, memory + buffer * buffer_bytes, buffer_bytes, (unsigned short)buffer,
                          io_uring_buf_ring_mask(buffers), lent++);
}

static void on_receive(struct connection* c, const struct io_uring_cqe* cqe) {
    if (!(cqe->flags & IORING_CQE_F_MORE)) c->receiving = c->cancelling = false;
    if (cqe->flags & IORING_CQE_F_BUFFER) {
        const unsigned buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
        const char* data = memory + buffer * buffer_bytes;
        give_back(buffer);
        if (cqe->res > 0) {
            if (is_silent_send_queued(c)) report(c);
            if (c->sending)
                keep_unsent(c, c->unsent_bytes, data, (size_t)cqe->res);
            else
                queue_silent_send(c, data, (size_t)cqe->res);
        }
    }
    // Out of buffers, or cancelled by us: armed again when there is nothing left to send.
    if (cqe->res <= 0 && cqe->res != -ENOBUFS && cqe->res != -ECANCELED) c->ended = true;
    if (c->ended || c->sending || !c->receiving) settle(c);
}

static void on_send(struct connection* c, int result) {
    c->sending = false;
    c->batch = 0;
    if (result < 0 && result != -EAGAIN) {
        c->ended = true;
        c->unsent_bytes = 0;
    } else {
        const size_t sent = result < 0 ? 0 : (size_t)result;
        keep_unsent(c, 0, c->data + sent, c->bytes - sent);
    }
    free(c->outgoing);
    c->outgoing = NULL;
    if (c->unsent_bytes > 0) queue_send_of_unsent(c);
    settle(c);
}

static void on_close(struct connection* c) {
    free(c->unsent);
    free(c);
}

static void complete(const struct io_uring_cqe* cqe) {
    struct connection* c = (struct connection*)(uintptr_t)(cqe->user_data & ~(uint64_t)operation_mask);
    switch ((enum operation)(cqe->user_data & operation_mask)) {
        case op_receive: on_receive(c, cqe); break;
        case op_send: on_send(c, cqe->res); break;
        case op_accept: on_accept(cqe); break;
        case op_close: on_close(c); break;
        default: break;
    }
}

static void* map(size_t bytes) {
    void* address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED) die("mmap");
    return address;
}

static void check(int result, const char* what) {
    if (result >= 0) return;
    errno = -result;
    die(what);
}

static void set_up(void) {
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                                  IORING_SETUP_CQSIZE,
                                         .cq_entries = completions};
    check(io_uring_queue_init_params(submissions, &ring, &parameters), "io_uring_queue_init_params");
    check(io_uring_register_ring_fd(&ring), "io_uring_register_ring_fd");
    check(io_uring_register_files_sparse(&ring, connection_slots), "io_uring_register_files_sparse");
    memory = map((size_t)buffers * buffer_bytes);
    provided = map(buffers * sizeof(struct io_uring_buf));
    struct io_uring_buf_reg registration = {.ring_addr = (uintptr_t)provided, .ring_entries = buffers, .bgid = 0};
    check(io_uring_register_buf_ring(&ring, &registration, 0), "io_uring_register_buf_ring");
    io_uring_buf_ring_init(provided);
    for (unsigned i = 0; i < buffers; ++i) give_back(i);
}

int main(int argc, char** argv) {
    listener = listen_on(argc > 1 ? atoi(argv[1]) : 0, 0);
    set_up();
    queue_accept();
    io_uring_buf_ring_advance(provided, lent);
    for (lent = 0;; ++batch) {
        const int reading = lent;  // the buffers whose sends this submission finishes
        const int result = io_uring_submit_and_wait(&ring, 1);
        if (result < 0 && result != -EINTR) check(result, "io_uring_submit_and_wait");
        // Short sends are among these completions, and have copied what is left by the end of the loop.
        unsigned head, count = 0;
        struct io_uring_cqe* cqe;
        io_uring_for_each_cqe(&ring, head, cqe) {
            complete(cqe);
            ++count;
        }
        io_uring_cq_advance(&ring, count);
        io_uring_buf_ring_advance(provided, reading);
        lent -= reading;
    }
}
