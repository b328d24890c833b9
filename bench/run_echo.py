#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TCP echo: weft beside C servers and other libraries, by server CPU per message.

Each server runs on core 0 and the load client on core 1. Every round runs every server once, in an order shuffled from a
fixed seed; ratios are taken within a round, so that a machine that gets slower or busier slows both sides of a pair. The
client saturates first, and messages per second then say little: compare the CPU.

--tls is the same over TLS 1.3, beside bare OpenSSL.

    bench/run_echo.py --build build/release [--servers weft:io_uring,c:io_uring,...] [--server NAME=PATH] [--rounds 15]
"""

import argparse
import importlib.util
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ASYNCIO = os.path.join(HERE, "peers/echo_asyncio.py")
# name -> (executable, below --build unless it says where; arguments behind the port; environment). Any can be replaced:
# --server weft:epoll=PATH.
SERVERS = {
    "weft:io_uring": ("bench/echo_server", [], {"WEFT_BACKEND": "io_uring"}),
    "weft:epoll": ("bench/echo_server", [], {"WEFT_BACKEND": "epoll"}),
    "weft read_some:io_uring": ("bench/echo_server", ["read_some"], {"WEFT_BACKEND": "io_uring"}),
    "weft read_some:epoll": ("bench/echo_server", ["read_some"], {"WEFT_BACKEND": "epoll"}),
    "weft fibers:io_uring": ("bench/echo_server", ["fibers"], {"WEFT_BACKEND": "io_uring"}),
    "weft fibers:epoll": ("bench/echo_server", ["fibers"], {"WEFT_BACKEND": "epoll"}),
    "weft protocol:io_uring": ("bench/echo_protocol_server", [], {"WEFT_BACKEND": "io_uring"}),
    "weft protocol:epoll": ("bench/echo_protocol_server", [], {"WEFT_BACKEND": "epoll"}),
    "c:io_uring": ("bench/peers/echo_io_uring", [], {}),
    "c:epoll": ("bench/peers/echo_epoll", [], {}),
    "libuv": ("bench/peers/echo_libuv", [], {}),
    "asio": ("bench/peers/echo_asio", [], {}),
    "Go": ("bench/peers/echo_go", [], {}),
    "uvloop protocol": (ASYNCIO, ["protocol", "uvloop"], {}),
    "uvloop streams": (ASYNCIO, ["streams", "uvloop"], {}),
    "asyncio protocol": (ASYNCIO, ["protocol"], {}),
    "asyncio streams": (ASYNCIO, ["streams"], {}),
}
CLIENT = "bench/peers/echo_load"
TLS_SERVERS = {
    "weft:tls:io_uring": ("bench/tls_echo_server", [], {"WEFT_BACKEND": "io_uring"}),
    "weft:tls:epoll": ("bench/tls_echo_server", [], {"WEFT_BACKEND": "epoll"}),
    "c:tls": ("bench/peers/echo_tls_epoll", [], {}),
}
TLS_CLIENT = "bench/peers/echo_tls_load"
SERVER_CORE, CLIENT_CORE = 0, 1
# Each of weft's beside the C server on the same backend, fibers beside coroutines; and what the yardstick is beside. "base" is another build of
# weft's, if --server says where.
PAIRS = [(f"weft{kind}:{backend}", f"c:{backend}") for backend in ("io_uring", "epoll")
         for kind in ("", " read_some", " protocol")] + [("c:io_uring", "c:epoll"), ("libuv", "c:epoll"),
                                                       ("weft:tls:epoll", "c:tls"), ("weft:tls:io_uring", "c:tls"),
                                                       ("weft fibers:io_uring", "weft:io_uring"),
                                                       ("weft fibers:epoll", "weft:epoll"),
                                                       ("weft:io_uring", "base:io_uring"), ("weft:epoll", "base:epoll")]
identity = []  # with --tls: certificate and key, the servers' last arguments


def pinned(core):
    return lambda: os.sched_setaffinity(0, {core})


def interpreter_of(path):
    return [sys.executable] if path.endswith(".py") else []


class Stalled(Exception):
    """The interval was too short or the machine stood still: nothing was measured."""


class Server:
    """A running echo server, ended by its pid."""

    def __init__(self, path, arguments, environment, wrapper=()):
        # The wrapper (strace) stays the server's parent, so the server's own pid is looked up.
        self.process = subprocess.Popen(
            [*wrapper, *interpreter_of(path), path, "0", *arguments, *identity], env={**os.environ, **environment},
            stdout=subprocess.PIPE, text=True,
            preexec_fn=pinned(SERVER_CORE))
        line = self.process.stdout.readline()
        found = re.search(r"listening on (\S*:)?(\d+)", line)
        if not found:
            self.process.kill()
            sys.exit(f"{path}: expected 'listening on PORT', got {line!r}")
        self.path = path
        self.port = int(found[2])
        self.pid = self.process.pid
        if wrapper:
            with open(f"/proc/{self.pid}/task/{self.pid}/children") as children:
                self.pid = int(children.read().split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, 15)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, 9)
            self.process.wait()
        self.process.stdout.close()


def load(options, server, seconds, warmup=0.2):
    command = [os.path.join(options.build, TLS_CLIENT if options.tls else CLIENT), str(server.port), "--server-pid", str(server.pid),
               "--connections", str(options.connections), "--size", str(options.size), "--seconds", str(seconds),
               "--warmup", str(warmup)]
    if options.rate:
        command += ["--rate", str(options.rate)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=seconds + 30, preexec_fn=pinned(CLIENT_CORE))
    if result.returncode == 2:
        raise Stalled(f"{server.path}: no message came back in the interval")
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {result.returncode}")
    return json.loads(result.stdout)


def system_calls_per_message(options, path, arguments, environment):
    """Total and the busiest calls by name, from one short run under strace; None without strace. Set-up calls are in the
    count, and strace slows the server, so that batches are as large as they get."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile("r") as summary:
        with Server(path, arguments, environment, ("strace", "-f", "-c", "-o", summary.name)) as server:
            # No warm-up: every call strace counts belongs to a message that is counted.
            messages = load(options, server, 1, warmup=0)["messages"]
        calls = {}
        for line in summary.read().splitlines():
            fields = line.split()
            if len(fields) >= 5 and fields[3].isdigit() and fields[-1] != "total":
                calls[fields[-1]] = int(fields[3])
    busiest = sorted(calls.items(), key=lambda item: -item[1])[:3]
    return sum(calls.values()) / messages, ", ".join(f"{name} {count / messages:.3f}" for name, count in busiest
                                                     if count / messages >= 0.002)


def bootstrap(values, generator, times=10000):
    """Sorted medians of resamples."""
    return sorted(statistics.median(generator.choices(values, k=len(values))) for _ in range(times))


def quantile(ordered, fraction):
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--servers", help="comma-separated names; those not built are left out")
    parser.add_argument("--server", action="append", default=[], metavar="NAME=PATH", help="another executable for NAME")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rate", type=float, default=0, help="messages per second in all; 0: as fast as they come back")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-strace", action="store_true")
    return parser.parse_args()


def build_go(options):
    """The one that CMake does not build."""
    target = os.path.join(options.build, SERVERS["Go"][0])
    if shutil.which("go") and os.path.isdir(os.path.dirname(target)):
        subprocess.run(["go", "build", "-o", os.path.abspath(target), os.path.join(HERE, "peers/echo.go")], check=True)


def find_servers(options):
    build_go(options)
    replaced = dict(item.split("=", 1) for item in options.server)
    found = {}
    known = TLS_SERVERS if options.tls else SERVERS
    for name in options.servers.split(",") if options.servers else known:
        if name not in known and name not in replaced:
            sys.exit(f"no server is called {name}; there are {', '.join(known)}")
        relative, arguments, environment = known.get(name, ("", [], {}))
        path = replaced.get(name) or os.path.join(options.build, relative)
        if "uvloop" in arguments and not importlib.util.find_spec("uvloop"):
            print(f"{name}: this Python has no uvloop, left out", file=sys.stderr)
        elif os.access(path, os.X_OK):
            found[name] = (path, arguments, environment)
        else:
            print(f"{name}: {path} is not built, left out", file=sys.stderr)
    return found


def one_round(options, servers, generator, attempts=3):
    """Every server once. A round in which one stalled is repeated whole: ratios are taken within a round."""
    for attempt in range(attempts):
        order = list(servers)
        generator.shuffle(order)
        runs = {}
        try:
            for name in order:
                with Server(*servers[name]) as server:
                    runs[name] = load(options, server, options.seconds)
            return runs
        except Stalled as stalled:
            print(stalled, file=sys.stderr)
    sys.exit("given up")


def make_identity(folder):
    identity[:] = [os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=localhost", "-out", identity[0], "-keyout", identity[1]], check=True, stderr=subprocess.DEVNULL)


def main():
    options = parse()
    with tempfile.TemporaryDirectory(prefix="weft-echo-") as folder:
        if options.tls:
            make_identity(folder)
        measure(options)


def measure(options):
    servers = find_servers(options)
    generator = random.Random(options.seed)
    runs = {name: [] for name in servers}
    for number in range(options.rounds):
        for name, run in one_round(options, servers, generator).items():
            runs[name].append(run)
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)

    print(f"{'TLS' if options.tls else 'TCP'} echo, {options.connections} connections, {options.size} bytes, {options.rounds} rounds of "
          f"{options.seconds:g} s\n")
    print("| server | CPU µs/message | messages/s | p50 µs | p99 µs | system calls/message | of these |\n"
          "|---|---|---|---|---|---|---|")
    for name, server in servers.items():
        def median(key):
            return statistics.median(run[key] for run in runs[name])
        calls = None if options.no_strace else system_calls_per_message(options, *server)
        total, detail = (f"{calls[0]:.3f}", calls[1]) if calls else ("–", "")
        print(f"| {name} | {median('server_cpu_us_per_message'):.3f} | {median('messages_per_second'):.0f} | "
              f"{median('latency_p50_us'):.0f} | {median('latency_p99_us'):.0f} | {total} | {detail} |")

    print("\nRatio of CPU per message within a round:\n\n"
          "| pair | median | 95 % upper bound | 95 % interval |\n|---|---|---|---|")
    for above, below in PAIRS:
        if above not in runs or below not in runs:
            continue
        ratios = [a["server_cpu_us_per_message"] / b["server_cpu_us_per_message"]
                  for a, b in zip(runs[above], runs[below])]
        medians = bootstrap(ratios, generator)
        print(f"| {above} / {below} | {statistics.median(ratios):.3f} | {quantile(medians, 0.95):.3f} | "
              f"{quantile(medians, 0.025):.3f} – {quantile(medians, 0.975):.3f} |")


if __name__ == "__main__":
    main()
