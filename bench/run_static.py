#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A large static file: weft beside nginx (sendfile on), by throughput and by server CPU per GiB.

Each server runs on core 0, with its threads; the client on core 1 drops what it receives without copying it (MSG_TRUNC), so that
it is the server that is measured. The file is in the page cache. Every round runs every server once, in an order shuffled from a
fixed seed; ratios are taken within a round.

    bench/run_static.py --build build/release [--size 1073741824] [--requests 3] [--connections 1] [--rounds 15]
"""

import argparse
import os
import random
import shutil
import socket
import sys
import tempfile
import threading
import time

from http_rounds import CLIENT_CORE, in_rounds, medians, nginx_server, ratio, weft_server

GIB = 1 << 30


def start(name, options, folder):
    if name == "nginx":
        return nginx_server(folder, f"location /files/ {{ alias {folder}/site/; }}", "sendfile on; tcp_nopush on;")
    return weft_server(name, options, "--root", os.path.join(folder, "site"))


def fetch(port, size, requests):
    """So many requests in turn on one connection; what comes is counted, and not looked at."""
    buffer = bytearray(1 << 20)
    with socket.create_connection(("127.0.0.1", port)) as s:
        for _ in range(requests):
            s.sendall(b"GET /files/large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = b""
            while b"\r\n\r\n" not in head:
                head += s.recv(1)
            if not head.startswith(b"HTTP/1.1 200") or b"ontent-Length: %d\r\n" % size not in head:
                sys.exit(f"it answers {head}")
            left = size
            while left > 0:
                count = s.recv_into(buffer, min(left, len(buffer)), socket.MSG_TRUNC)
                if count == 0:
                    sys.exit(f"it ends {left} bytes too early")
                left -= count


def run(name, options, folder):
    with start(name, options, folder) as server:
        fetch(server.port, options.size, 1)
        before, began = server.cpu_ns(), time.monotonic_ns()
        threads = [threading.Thread(target=fetch, args=(server.port, options.size, options.requests))
                   for _ in range(options.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took, used = time.monotonic_ns() - began, server.cpu_ns() - before
    gib = options.size * options.requests * options.connections / GIB
    return {"cpu": used / 1e6 / gib, "rate": gib / (took / 1e9)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--servers", default="weft:io_uring,weft:epoll,nginx")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--size", type=int, default=GIB)
    parser.add_argument("--requests", type=int, default=3)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    servers = [name for name in options.servers.split(",") if name != "nginx" or shutil.which("nginx")]
    os.sched_setaffinity(0, {CLIENT_CORE})
    generator = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="weft-static-") as folder:
        os.chmod(folder, 0o755)
        os.mkdir(os.path.join(folder, "site"))
        piece = os.urandom(1 << 20)
        with open(os.path.join(folder, "site", "large"), "wb") as file:
            for left in range(options.size, 0, -len(piece)):
                file.write(piece[:left])
        runs = in_rounds(servers, options.rounds, generator, lambda name: run(name, options, folder))
    print(f"A file of {options.size / GIB:g} GiB, {options.connections} connections, {options.requests} times each, "
          f"{options.rounds} rounds\n\n| server | GiB/s | CPU ms/GiB |\n|---|---|---|")
    for name in servers:
        rate, cpu = medians(runs[name], "rate", "cpu")
        print(f"| {name} | {rate:.2f} | {cpu:.0f} |")
    if "nginx" not in runs:
        return
    print("\n| to nginx's, within a round | throughput, median | 95 % lower bound | CPU, median | 95 % upper bound |"
          "\n|---|---|---|---|---|")
    for name in servers:
        cells = []
        for key, bound in (("rate", 500), ("cpu", 9500)):
            cells += [f"{r:.3f}" for r in ratio(runs[name], runs["nginx"], key, bound, generator)]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
