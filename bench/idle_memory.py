#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an idle connection costs a server: its anonymous memory at 500 and at 10 500 connections that have echoed one byte,
or, over HTTP, that are kept alive after a request has been answered.

    bench/idle_memory.py --build build/release [--tls | --http] [--connections 10500]
"""
import argparse
import os
import re
import resource
import socket
import ssl
import subprocess
import tempfile

SERVERS = {
    "weft:io_uring": ("bench/echo_server", {"WEFT_BACKEND": "io_uring"}),
    "weft:epoll": ("bench/echo_server", {"WEFT_BACKEND": "epoll"}),
    "c:io_uring": ("bench/peers/echo_io_uring", {}),
    "c:epoll": ("bench/peers/echo_epoll", {}),
    "libuv": ("bench/peers/echo_libuv", {}),
    "asio": ("bench/peers/echo_asio", {}),
}
TLS_SERVERS = {name: ("bench/tls_echo_server", environment) for name, (_, environment) in SERVERS.items()
               if name.startswith("weft:")}
HTTP_SERVERS = {name: ("bench/http_server", environment) for name, (_, environment) in SERVERS.items()
                if name.startswith("weft:")}
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n"
FIRST = 500


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(r"Anonymous:\s+(\d+) kB", f.read())[1]) * 1024


def connect(port, context, over_http):
    s = socket.create_connection(("127.0.0.1", port))
    if context:
        s = context.wrap_socket(s)
    s.sendall(REQUEST if over_http else b"x")
    answer = s.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200") if over_http else answer == b"x", answer
    return s


def make_identity(folder):
    identity = [os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=localhost", "-out", identity[0], "-keyout", identity[1]], check=True, stderr=subprocess.DEVNULL)
    return identity


def measure(path, environment, count, context, identity, over_http):
    server = subprocess.Popen([path, "0", *identity], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r"listening on (?:\S*:)?(\d+)", server.stdout.readline())[1])
        open_now = [connect(port, context, over_http) for _ in range(FIRST)]
        before = anonymous_bytes(server.pid)
        open_now += [connect(port, context, over_http) for _ in range(count - FIRST)]
        return (anonymous_bytes(server.pid) - before) / (count - FIRST)
    finally:
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--connections", type=int, default=10500)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--tls", action="store_true")
    kind.add_argument("--http", action="store_true")
    parser.add_argument("--servers", default="")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    context, identity = None, []
    folder = tempfile.TemporaryDirectory(prefix="weft-idle-")
    if options.tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        identity = make_identity(folder.name)
    servers = TLS_SERVERS if options.tls else HTTP_SERVERS if options.http else SERVERS
    print("| server | bytes per idle connection |\n|---|---:|")
    for name in options.servers.split(",") if options.servers else servers:
        path, environment = servers[name]
        path = os.path.join(options.build, path)
        if os.path.exists(path):
            size = measure(path, environment, options.connections, context, identity, options.http)
            print(f"| {name} | {size:.0f} |", flush=True)


if __name__ == "__main__":
    main()
