#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mini_redis beside redis-server under redis-benchmark, by server CPU per command and by throughput.

The server runs on core 0 and the client on core 1. One test at a time, so that CPU can be told apart; within a round both
servers do the same test one after the other, in alternating order, and ratios are taken within the round. The client
saturates first: compare the CPU.

    bench/run_redis.py --build build/release [--mini PATH] [--rounds 5] [-n 500000]
"""

import argparse
import csv
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

SERVER_CORE, CLIENT_CORE = 0, 1
CONNECTIONS = 50
# redis-benchmark's -t -> how its row begins in the --csv output. Its "ping" is two tests in one: inline and RESP.
TESTS = {"ping_inline": "PING_INLINE", "ping_mbulk": "PING_MBULK", "set": "SET", "get": "GET", "incr": "INCR",
         "lpush": "LPUSH"}


def pinned(core):
    return lambda: os.sched_setaffinity(0, {core})


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server, ended by its pid."""

    def __init__(self, command):
        self.port = free_port()
        self.process = subprocess.Popen([*command, "--port", str(self.port)], stdout=subprocess.DEVNULL,
                                        preexec_fn=pinned(SERVER_CORE))
        deadline = time.monotonic() + 10
        while True:
            try:
                if self.command("PING").startswith(b"+PONG"):
                    return
            except ConnectionRefusedError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.end()
                sys.exit(f"{command[0]} does not answer on port {self.port}")
            time.sleep(0.02)

    def command(self, line):
        with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            connection.sendall(line.encode() + b"\r\n")
            return connection.recv(4096)

    def cpu_ns(self):
        """Of all threads: the scheduler's own count, kernel work included."""
        total = 0
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat") as statistics_of_task:
                total += int(statistics_of_task.read().split()[0])
        return total

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def measure(server, test, pipeline, requests):
    """(CPU µs per command, requests per second) of one redis-benchmark run on an empty data set."""
    if not server.command("FLUSHALL").startswith(b"+OK"):
        sys.exit("FLUSHALL failed")
    before = server.cpu_ns()
    result = subprocess.run(
        ["redis-benchmark", "-h", "127.0.0.1", "-p", str(server.port), "-t", test, "-n", str(requests), "-c", str(CONNECTIONS),
         "-P", str(pipeline), "--csv"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120 + requests / 1000,
        preexec_fn=pinned(CLIENT_CORE))
    cpu_us = (server.cpu_ns() - before) / 1e3
    rates = [float(row[1]) for row in csv.reader(result.stdout.splitlines())
             if len(row) > 1 and row[0].startswith(TESTS[test]) and re.fullmatch(r"[\d.]+", row[1])]
    if result.returncode != 0 or len(rates) != 1:
        sys.exit(f"redis-benchmark -t {test} failed:\n{result.stdout}")
    return cpu_us / requests, rates[0]


def interval(values, generator, times=5000):
    """95 % bootstrap interval of the median."""
    medians = sorted(statistics.median(generator.choices(values, k=len(values))) for _ in range(times))
    return medians[int(0.025 * times)], medians[int(0.975 * times)]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--mini", help="default: examples/apps/mini_redis/mini_redis below --build")
    parser.add_argument("--redis", default="redis-server")
    parser.add_argument("--tests", default=",".join(TESTS))
    parser.add_argument("--pipelines", default="1,16")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-n", "--requests", type=int, default=500000)
    return parser.parse_args()


def main():
    options = parse()
    redis = [options.redis, "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
    mini_path = options.mini or os.path.join(options.build, "examples/apps/mini_redis/mini_redis")
    # redis-server in the other's place is the check of this script: every ratio must be about 1.
    mini = redis if os.path.basename(mini_path) == "redis-server" else [mini_path]
    for program in ("redis-benchmark", options.redis, mini_path):
        if not shutil.which(program):
            sys.exit(f"{program} is not there")
    tests = options.tests.split(",")
    generator = random.Random(1)
    for pipeline in map(int, options.pipelines.split(",")):
        runs = {test: [] for test in tests}  # of pairs (mini, redis)
        for number in range(options.rounds):
            servers = {"mini": Server(mini), "redis": Server(redis)}
            try:
                for position, test in enumerate(tests):
                    order = ["mini", "redis"] if (number + position) % 2 == 0 else ["redis", "mini"]
                    results = {name: measure(servers[name], test, pipeline, options.requests) for name in order}
                    runs[test].append((results["mini"], results["redis"]))
            finally:
                for server in servers.values():
                    server.end()
            print(f"-P {pipeline}: round {number + 1} of {options.rounds}", file=sys.stderr)
        report(pipeline, options, runs, generator)


def report(pipeline, options, runs, generator):
    print(f"\n`redis-benchmark -n {options.requests} -c {CONNECTIONS} -P {pipeline}`, {options.rounds} rounds\n")
    print("| command | CPU µs/command mini_redis | redis-server | ratio | 95 % interval | requests/s mini_redis | "
          "redis-server | ratio |\n|---|---|---|---|---|---|---|---|")
    for test, pairs in runs.items():
        def median(of):
            return statistics.median(of(mini, redis) for mini, redis in pairs)
        low, high = interval([mini[0] / redis[0] for mini, redis in pairs], generator)
        print(f"| {test} | {median(lambda m, r: m[0]):.3f} | {median(lambda m, r: r[0]):.3f} | "
              f"{median(lambda m, r: m[0] / r[0]):.3f} | {low:.3f} – {high:.3f} | "
              f"{median(lambda m, r: m[1]):.0f} | {median(lambda m, r: r[1]):.0f} | {median(lambda m, r: m[1] / r[1]):.3f} |")


if __name__ == "__main__":
    main()
