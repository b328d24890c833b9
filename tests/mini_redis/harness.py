# SPDX-License-Identifier: Apache-2.0
"""What the sessions have in common: servers as child processes, and clients that see every byte."""
import argparse
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback

# Sanitizers are slow, and the machine may be busy: what is waited for comes at once or not at all.
PATIENCE = 60.0
# How long nothing must come before we believe that nothing will.
SILENCE = 0.2


class Failure(Exception):
    """A case failed, for the reason given."""


def check(condition, message):
    if not condition:
        raise Failure(message)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, message, seconds=PATIENCE):
    """Calls `condition` until it is true; returns what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        check(time.monotonic() < deadline, message() if callable(message) else message)
        time.sleep(0.01)


class Server:
    """A running server; ended, by its process id, when the `with` block is left."""

    def __init__(self, command, port, name, stdout=None, preexec_fn=None):
        self.name = name
        self.port = port
        self.process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, preexec_fn=preexec_fn)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.errors = b""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failure(f"{self.name} did not end") from error
        self.read_errors()
        self.process.stderr.close()
        if self.process.stdout:
            self.process.stdout.close()
        if kind is None:
            check(self.process.returncode == 0, f"{self.name} ended with {self.process.returncode}: {self.errors!r}")

    def read_errors(self):
        """What it has written to stderr so far."""
        try:
            while chunk := os.read(self.process.stderr.fileno(), 1 << 16):
                self.errors += chunk
        except BlockingIOError:
            pass
        return self.errors

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def client(self, **options):
        return Client(self.port, **options)


def start_mini_redis(path, *arguments, preexec_fn=None):
    """It chooses a port itself, and says which."""
    server = Server([path, "--port", "0", *arguments], 0, "mini_redis", subprocess.PIPE, preexec_fn)
    line = server.process.stdout.readline().decode()
    if "listening on" not in line:
        server.process.wait()
        raise Failure(f"mini_redis did not start: {line!r} {server.read_errors()!r}")
    server.port = int(line.rsplit(":", 1)[1])
    return server


def start_redis():
    path = shutil.which("redis-server")
    check(path, "redis-server is not installed")
    port = free_port()
    server = Server([path, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                     "--dir", "/tmp", "--loglevel", "warning", "--logfile", "/dev/null"], port, "redis-server")
    wait_until(lambda: try_connect(port), "redis-server does not accept connections")
    return server


def try_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def encode(*words):
    """A request as clients send it."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        raw = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
    return b"".join(parts)


class Client:
    """One connection. Replies come back as the very bytes that were sent."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Vanishes: the peer gets RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        try:
            data = self.socket.recv(1 << 16)
        except socket.timeout:
            raise Failure(f"no answer within {PATIENCE} s; so far: {self.buffer[:200]!r}") from None
        check(data, f"the server closed the connection; so far: {self.buffer[:200]!r}")
        self.buffer += data

    def _line_end(self, start):
        while (end := self.buffer.find(b"\r\n", start)) < 0:
            self._more()
        return end + 2

    def _reply_end(self, start):
        end = self._line_end(start)
        kind, number = self.buffer[start:start + 1], self.buffer[start + 1:end - 2]
        if kind == b"$" and int(number) >= 0:
            end += int(number) + 2
            while len(self.buffer) < end:
                self._more()
        elif kind == b"*":
            for _ in range(int(number)):
                end = self._reply_end(end)
        return end

    def reply(self):
        """The next reply."""
        end = self._reply_end(0)
        reply, self.buffer = self.buffer[:end], self.buffer[end:]
        return reply

    def ask(self, *words):
        self.send(encode(*words))
        return self.reply()

    def rest(self):
        """Everything up to the end of the connection."""
        try:
            while data := self.socket.recv(1 << 16):
                self.buffer += data
        except ConnectionResetError:
            self.buffer += b"<reset>"
        except socket.timeout:
            raise Failure(f"the server does not close; so far: {self.buffer[-200:]!r}") from None
        rest, self.buffer = self.buffer, b""
        return rest

    def until_silent(self):
        """Everything that comes until nothing does."""
        while select.select([self.socket], [], [], SILENCE)[0]:
            self._more()
        everything, self.buffer = self.buffer, b""
        return everything

    def is_silent(self):
        return not self.buffer and not select.select([self.socket], [], [], SILENCE)[0]


def values(reply):
    """A reply as Python values: bytes, int, None, list; simple strings and errors with their first byte."""
    def one(at):
        end = reply.index(b"\r\n", at)
        kind, line = reply[at:at + 1], reply[at + 1:end]
        at = end + 2
        if kind == b":":
            return int(line), at
        if kind == b"$":
            size = int(line)
            return (None, at) if size < 0 else (reply[at:at + size], at + size + 2)
        if kind == b"*":
            if int(line) < 0:
                return None, at
            items = []
            for _ in range(int(line)):
                item, at = one(at)
                items.append(item)
            return items, at
        return kind + line, at
    return one(0)[0]


def run(cases, description):
    """Runs the cases of a script: functions that take the path of mini_redis, named as sentences by their docstring."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--server", required=True, metavar="PATH", help="mini_redis (backend: WEFT_BACKEND)")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    options = parser.parse_args()
    failed = 0
    for case in cases:
        if options.only not in case.__name__:
            continue
        try:
            case(options.server)
            print("ok", case.__name__, flush=True)
        except Failure as failure:
            failed += 1
            print(f"FAILED {case.__name__}: {failure}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"FAILED {case.__name__}:\n{traceback.format_exc()}", flush=True)
    sys.exit(1 if failed else 0)
