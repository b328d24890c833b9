#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in the world, done to mini_redis: the client concerned gets a clear answer, the others notice
nothing, nothing leaks. Each case ends with a PING on a fresh connection, and as many open descriptors as at the
start."""
import concurrent.futures
import random
import resource
import signal
import socket
import subprocess
import threading
import time

from harness import PATIENCE, Client, Failure, check, encode, run, start_mini_redis, wait_until

PONG = b"+PONG\r\n"


def faults(*arguments, **options):
    """Runs a case against a server of its own, and looks at the server afterwards."""
    def decorate(case):
        def started(path):
            with start_mini_redis(path, *arguments, **options) as server:
                ping(server)
                before = settled_descriptors(server)
                case(server)
                ping(server)
                wait_until(lambda: server.descriptors() <= before,
                           lambda: f"{server.descriptors()} descriptors are open, {before} at the start")
        started.__name__ = case.__name__
        return started
    return decorate


def ping(server):
    with server.client() as client:
        check(client.ask("PING") == PONG, "no PONG on a fresh connection")


def settled_descriptors(server):
    """How many are open once the connections that were closed are gone."""
    lowest = server.descriptors()
    for _ in range(20):
        time.sleep(0.01)
        lowest = min(lowest, server.descriptors())
    return lowest


@faults()
def malformed_frames(server):
    bad = {
        b"*x\r\n": b"invalid multibulk length", b"*1\r\n!4\r\n": b"expected '$', got '!'",
        b"*1\r\n$x\r\n": b"invalid bulk length",
        b"*1\r\n\0\r\n": b"expected '$'", b"*2\r\n$4\r\nPING\r\n$-2\r\n": b"invalid bulk length",
        b'GET "\r\n': b"unbalanced quotes",
    }
    with server.client() as bystander:
        for frame, error in bad.items():
            with server.client() as client:
                client.send(encode("PING") + frame + encode("PING"))
                reply = client.rest()
                check(reply.startswith(PONG + b"-ERR Protocol error: ") and error in reply, f"{frame!r}: {reply!r}")
            check(bystander.ask("PING") == PONG, "a bystander was not served")
    chance = random.Random(1)
    seeds = [encode("SET", "k", "v" * 50), encode("LRANGE", "l", 0, -1), b'SET "a" \'b\'\r\n', encode("PING") * 3]
    for _ in range(500):
        frame = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 5)):
            frame[chance.randrange(len(frame))] = chance.choice(b"\0\r\n*$-019 \"'x\xff")
        with server.client() as client:
            client.send(bytes(frame))
            client.socket.shutdown(socket.SHUT_WR)
            client.rest()


@faults("--client-query-limit", "256k", "--client-output-limit", "1m")
def oversized_frames(server):
    for frame, error in {
        b"*1\r\n$999999999\r\n": b"invalid bulk length",
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300000\r\n": b"request is larger than 262144 bytes",
        b"*1000000\r\n" + b"$1\r\nx\r\n" * 50000: b"request is larger than 262144 bytes",
        b"*1048577\r\n": b"invalid multibulk length",
        b"x" * 70000: b"too big inline request",
        b"*" + b"1" * 70000: b"too big mbulk count string",
        b"*1\r\n$" + b"1" * 70000: b"too big bulk count string",
    }.items():
        with server.client() as client:
            sender = threading.Thread(target=send_all, args=(client, frame))
            sender.start()
            reply = client.rest()
            sender.join()
            check(reply.startswith(b"-ERR Protocol error: ") and error in reply, f"{frame[:40]!r}: {reply[:200]!r}")
    with server.client() as client:
        client.ask("SET", "big", b"x" * 200_000)
        check(client.ask("MGET", *["big"] * 4)[:4] == b"*4\r\n", "a reply within the limit")
        reply = client.ask("MGET", *["big"] * 10)
        check(reply == b"-ERR reply is larger than the client's output limit\r\n", f"{reply[:100]!r}")
        client.ask("MULTI")
        replies = [client.ask("SET", f"key{i}", b"x" * 100_000) for i in range(3)]
        check(replies[:2] == [b"+QUEUED\r\n"] * 2 and b"transaction is larger than 262144 bytes" in replies[2],
              f"{replies!r}")
        check(client.ask("EXEC").startswith(b"-EXECABORT"), "EXEC of a transaction that is too large")
        client.send(b"".join(encode("GET", "big") for _ in range(100)))  # a pipeline of replies is no large reply
        for _ in range(100):
            check(client.reply()[:9] == b"$200000\r\n", "a large pipeline")
        for i in range(2000):
            reply = client.ask("SUBSCRIBE", f"{i:02000}")
            if reply.startswith(b"-"):
                break
        check(b"subscriptions are larger than" in reply, "subscriptions are unbounded")


def send_all(client, data):
    try:
        client.send(data)
    except OSError:
        pass  # the server need not read it all


@faults()
def half_closed_connection(server):
    with server.client() as client:
        client.send(encode("SET", "k", "v" * 1000) + encode("GET", "k") * 5000 + b"*1\r\n$4\r\nPI")
        client.socket.shutdown(socket.SHUT_WR)
        reply = client.rest()
        expected = b"+OK\r\n" + (b"$1000\r\n" + b"v" * 1000 + b"\r\n") * 5000
        check(reply == expected, f"{len(reply)} bytes instead of {len(expected)}")
    with server.client() as client:
        client.socket.shutdown(socket.SHUT_WR)
        check(client.rest() == b"", "something was sent to a client that asked nothing")


@faults()
def peer_vanishes(server):
    with server.client() as bystander:
        bystander.ask("SUBSCRIBE", "c")
        for _ in range(50):
            for request in (b"", b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nxxx", encode("PING") * 1000,
                            encode("SUBSCRIBE", "c"), encode("MULTI") + encode("SET", "a", "b")):
                client = server.client()
                client.send(request)
                client.reset()
        with server.client() as publisher:
            publisher.ask("SET", "big", b"x" * 1_000_000)
            vanishing = [server.client(receive_buffer=4096) for _ in range(10)]
            for client in vanishing:
                client.send(encode("SUBSCRIBE", "c") if client is vanishing[0] else encode("GET", "big") * 20)
            for i in range(10):
                publisher.ask("PUBLISH", "c", str(i))
                vanishing[i].reset()
        for i in range(10):
            check(bystander.reply().endswith(b"$1\r\n%d\r\n" % i), "a bystander missed a message")


@faults()
def ten_thousand_connections(server):
    def some(number):
        for i in range(100):
            client = Client(server.port)
            manner = (number + i) % 5
            if manner == 0:
                client.close()
            elif manner == 1:
                client.reset()
            elif manner == 2:
                client.send(encode("INCR", "n"))
                client.close()
            elif manner == 3:
                check(client.ask("PING") == PONG, "no PONG")
                client.close()
            else:
                client.send(b"*2\r\n$3\r\nGE")
                client.reset()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(some, range(100)))
    with server.client() as client:
        check(b"maxclients" in client.ask("INFO", "clients"), "no INFO")
        wait_until(lambda: b"connected_clients:1\r\n" in client.ask("INFO", "clients"), "clients are left over")


FEW_DESCRIPTORS = 48


@faults(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FEW_DESCRIPTORS, FEW_DESCRIPTORS)))
def out_of_descriptors(server):
    try:
        use_up_descriptors(server)
    except (Failure, OSError):
        # Clang's runtime looks at memory by way of a pipe, and takes its own failure to open one for a bad object.
        check(b"invalid vptr" not in server.read_errors(),
              "built with -fsanitize=vptr, which needs descriptors of its own")
        raise


def use_up_descriptors(server):
    clients = [server.client() for _ in range(FEW_DESCRIPTORS + 20)]  # the kernel accepts for the server
    for client in clients:
        client.send(encode("PING"))
    wait_until(lambda: server.descriptors() >= FEW_DESCRIPTORS, "descriptors are left")
    served = clients[:20]
    for client in served:
        check(client.reply() == PONG, "no PONG")
    time.sleep(0.3)  # it waits, and tries again, meanwhile
    for client in served:
        check(client.ask("ECHO", "still") == b"$5\r\nstill\r\n", "those who are connected are not served")
    check(clients[-1].is_silent(), "more were served than there are descriptors")
    wait_until(lambda: b"accept" in server.read_errors(), "nothing was said about it")
    for client in clients[:40]:
        client.close()
    for client in clients[40:]:
        check(client.reply() == PONG, "those who waited are not served when descriptors are free again")
    for client in clients[40:]:
        client.close()


@faults("--client-output-limit", "1m")
def slow_subscriber(server):
    with server.client() as publisher, server.client() as fast, server.client(receive_buffer=4096) as slow:
        for client in (fast, slow):
            client.ask("SUBSCRIBE", "c")
        text = b"x" * 10_000
        expected = b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$10000\r\n" + text + b"\r\n"
        receivers = set()
        for _ in range(200):
            publisher.send(encode("PUBLISH", "c", text) * 10)
            for _ in range(10):
                receivers.add(publisher.reply())
            for _ in range(10):
                check(fast.reply() == expected, "the fast one missed a message")
        check(receivers == {b":1\r\n", b":2\r\n"}, f"PUBLISH said {receivers}")
        check(len(slow.rest()) < 20_000_000, "the slow one got everything")
        wait_until(lambda: b"does not read what it subscribed to" in server.read_errors(), "nothing was said about it")
        check(fast.ask("PING") == b"*2\r\n$4\r\npong\r\n$0\r\n\r\n", "the fast one is not served any more")


@faults("--client-output-limit", "1m")
def client_that_does_not_read_replies(server):
    """Back-pressure: it is not disconnected, nor is anything buffered for it without bound, and at last it gets all."""
    with server.client() as client:
        client.ask("SET", "k", b"x" * 10_000)
        requests = 5000
        sender = threading.Thread(target=client.send, args=(encode("GET", "k") * requests,))
        sender.start()
        time.sleep(0.5)
        with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as statm:
            resident = int(statm.read().split()[1]) * resource.getpagesize()
        ping(server)
        for _ in range(requests):
            check(client.reply()[:8] == b"$10000\r\n", "a reply is missing")
        sender.join()
        with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as statm:
            grown = int(statm.read().split()[1]) * resource.getpagesize() - resident
        check(grown < 30_000_000, f"grown by {grown} bytes")


@faults("--max-clients", "5")
def too_many_clients(server):
    clients = [server.client() for _ in range(5)]
    for client in clients:
        check(client.ask("PING") == PONG, "no PONG")
    with server.client() as client:
        check(client.rest() == b"-ERR max number of clients reached\r\n", "the sixth client")
    for client in clients:
        client.close()
    def welcome():
        with server.client() as client:
            client.send(encode("PING"))
            client.socket.shutdown(socket.SHUT_WR)
            return client.rest() == PONG
    wait_until(welcome, "nobody is let in again")


def stopped(path, prepare, *arguments, seconds=PATIENCE):
    """Starts a server, prepares, sends SIGTERM, runs what `prepare` gave, and expects exit status 0 in time."""
    for which in (signal.SIGTERM, signal.SIGINT):
        with start_mini_redis(path, *arguments) as server:
            finish = prepare(server)
            began = time.monotonic()
            server.process.send_signal(which)
            finish()
            status = server.process.wait(PATIENCE)
            took = time.monotonic() - began
            check(status == 0, f"exit status {status}: {server.read_errors()!r}")
            check(took < seconds, f"it took {took:.1f} s to end")


def sigterm_with_commands_in_flight(path):
    def prepare(server):
        clients = [server.client() for _ in range(20)]
        for i, client in enumerate(clients):
            client.ask("PING")
        for i, client in enumerate(clients):
            client.send(encode("SET", f"k{i}", "v" * 100) + encode("INCR", f"n{i}") * 1000 + encode("GET", f"k{i}"))

        def finish():
            for client in clients:
                counted = b"".join(b":%d\r\n" % n for n in range(1, 1001))
                expected = b"+OK\r\n" + counted + b"$100\r\n" + b"v" * 100 + b"\r\n"
                reply = client.rest()
                check(reply == expected, f"{len(reply)} bytes instead of {len(expected)}: …{reply[-50:]!r}")
                client.close()
        return finish
    stopped(path, prepare)


def sigterm_with_idle_clients(path):
    def prepare(server):
        idle, half, listening, gone, queued = clients = [server.client() for _ in range(5)]
        idle.ask("PING")
        half.send(b"*2\r\n$3\r\nGET\r\n$5\r\nab")
        listening.ask("SUBSCRIBE", "c")
        gone.reset()
        queued.ask("MULTI")
        queued.ask("SET", "a", "b")

        def finish():
            for client in clients:
                if client is not gone:
                    check(client.rest() == b"", "something was sent")
                    client.close()
        return finish
    stopped(path, prepare, seconds=20)


def sigterm_with_clients_that_do_not_cooperate(path):
    """One reads nothing, one never stops sending."""
    def prepare(server):
        deaf, chatty = server.client(receive_buffer=4096), server.client()
        deaf.ask("SET", "k", b"x" * 1_000_000)
        deaf.send(encode("GET", "k") * 100)

        def chat():
            try:
                while True:
                    chatty.send(encode("PING") * 100)
                    chatty.socket.recv(1 << 20)
            except OSError:
                pass
        thread = threading.Thread(target=chat)
        thread.start()
        time.sleep(0.1)

        def finish():
            server.process.wait(PATIENCE)
            chatty.close()
            thread.join()
            deaf.close()
        return finish
    stopped(path, prepare, seconds=30)


def sigterm_under_load(path):
    """redis-benchmark is cut off; the server still ends well."""
    def prepare(server):
        benchmark = subprocess.Popen(["redis-benchmark", "-p", str(server.port), "-n", "100000000", "-P", "16", "-q",
                                      "-t", "set"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)

        def finish():
            server.process.wait(PATIENCE)
            benchmark.kill()
            benchmark.wait()
        return finish
    stopped(path, prepare, seconds=30)


def address_in_use(path):
    with start_mini_redis(path) as server:
        done = subprocess.run([path, "--port", str(server.port)], capture_output=True, timeout=PATIENCE, check=False)
        check(done.returncode == 1 and b"in use" in done.stderr, f"{done.returncode}: {done.stderr!r}")
    for arguments in (["--port"], ["--port", "x"], ["--port", "70000"], ["--what", "1"], ["--max-clients", "0"]):
        done = subprocess.run([path, *arguments], capture_output=True, timeout=PATIENCE, check=False)
        check(done.returncode == 2 and b"usage:" in done.stderr, f"{arguments}: {done.returncode}: {done.stderr!r}")


if __name__ == "__main__":
    run([malformed_frames, oversized_frames, half_closed_connection, peer_vanishes, ten_thousand_connections,
         out_of_descriptors,
         slow_subscriber, client_that_does_not_read_replies, too_many_clients, sigterm_with_commands_in_flight,
         sigterm_with_idle_clients, sigterm_with_clients_that_do_not_cooperate, sigterm_under_load, address_in_use],
        __doc__)
