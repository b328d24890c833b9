# SPDX-License-Identifier: Apache-2.0
# New: a handler is a generator that yields the descriptor it waits for, and the loop resumes it when that is ready. How far
# a request has come is a local variable again: the handler reads from top to bottom, as in 16, and holds up nobody.
import select
import socket

waiting = {}  # by descriptor


def resume(handler):
    """Runs a handler until it waits, or ends."""
    try:
        waiting[next(handler)] = handler
    except StopIteration:
        pass


def turn():
    """Waits until descriptors are ready, and resumes who waits for them."""
    watched = select.poll()
    for fd in sorted(waiting):
        watched.register(fd, select.POLLIN)
    for fd, _ in watched.poll():
        resume(waiting.pop(fd))


def serve(name, server):
    request = ""
    while not request.endswith("!"):
        if request:
            print(f"{name} has said: {request}")
        yield server.fileno()
        request += server.recv(100).decode()
    print(f"{name} has asked: {request}")


def connect(name):
    client, server = socket.socketpair()
    resume(serve(name, server))
    return client


ann, ben, cat = connect("ann"), connect("ben"), connect("cat")
ann.send(b"a lo")
turn()
ben.send(b"something short!")
cat.send(b"the same!")
turn()
ann.send(b"ng story!")
turn()
print(f"{len(waiting)} are left")
