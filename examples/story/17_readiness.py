# SPDX-License-Identifier: Apache-2.0
# New: nobody waits for one client. The kernel is asked which of all descriptors are ready, and the callback kept for each
# of those is called. But a callback must return, so how far a request has come must be kept outside it: in an object.
import select
import socket

callbacks = {}  # by descriptor


def turn():
    """Waits until descriptors are ready, and calls back."""
    watched = select.poll()
    for fd in callbacks:
        watched.register(fd, select.POLLIN)
    for fd, _ in watched.poll():
        callbacks[fd]()


class Connection:
    """A client, and the server's side of its connection. (The two are made in pairs: no port is needed.)"""

    def __init__(self, name):
        self.name, self.request = name, ""
        self.client, self.server = socket.socketpair()
        callbacks[self.server.fileno()] = self.readable

    def send(self, text):
        self.client.sendall(text.encode())

    def readable(self):
        self.request += self.server.recv(100).decode()
        if not self.request.endswith("!"):
            print(f"{self.name} has said: {self.request}")
            return
        print(f"{self.name} has asked: {self.request}")
        del callbacks[self.server.fileno()]


ann, ben, cat = Connection("ann"), Connection("ben"), Connection("cat")
ann.send("a lo")
turn()
ben.send("something short!")
cat.send("the same!")
turn()
ann.send("ng story!")
turn()
print(f"{len(callbacks)} are left")
