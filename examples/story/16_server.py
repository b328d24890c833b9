# SPDX-License-Identifier: Apache-2.0
# Now the other half, the loop. Every server is an endless one: accept a connection, read the request, find the handler for
# its path, call it, answer. One at a time; while one client thinks about its request, all the others wait.
import socket
import threading


def read_line(connection):
    with connection.makefile() as lines:
        return lines.readline().rstrip("\n")


def write_line(connection, line):
    connection.sendall(f"{line}\n".encode())


def ask_for(address, paths):
    """The clients: each asks, and waits for its answer."""
    for path in paths:
        with socket.create_connection(address) as client:
            write_line(client, path)
            read_line(client)


stopped = False


def hello():
    return "hello"


def stop():
    global stopped
    stopped = True
    return "goodbye"


def not_found():
    return "not found"


routes = {"/hello": hello, "/stop": stop}

with socket.create_server(("127.0.0.1", 0)) as listener:  # port 0: the kernel chooses
    paths = ["/hello", "/nowhere", "/hello", "/stop"]
    clients = threading.Thread(target=ask_for, args=(listener.getsockname(), paths))
    clients.start()

    while not stopped:
        client, _ = listener.accept()
        with client:
            path = read_line(client)
            answer = routes.get(path, not_found)()
            print(f"{path}: {answer}")
            write_line(client, answer)
    clients.join()
