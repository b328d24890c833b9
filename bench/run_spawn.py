#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a child process costs: /bin/true started and waited for, by weft on both backends, by posix_spawn and waitpid
alone, and by asyncio, which is this script's own Python.

Everything is pinned to one core, the children too. Each round runs all of them, in an order shuffled from a fixed seed;
ratios to the bare loop are taken within the round.

    bench/run_spawn.py --build build/release [--rounds 15] [-n 200]
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import time

CORE = 0


async def by_asyncio(count):
    starting = whole = 0.0
    for _ in range(count):
        began = time.perf_counter()
        child = await asyncio.create_subprocess_exec("/bin/true")
        starting += time.perf_counter() - began
        await child.wait()
        whole += time.perf_counter() - began
    print(f"{starting / count * 1e6:.1f} {whole / count * 1e6:.1f}")


def measure(command, backend):
    done = subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, "WEFT_BACKEND": backend})
    return tuple(float(word) for word in done.stdout.split())


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--build", default="build/release")
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("-n", type=int, default=200, help="children a round")
    arguments.add_argument("--asyncio", type=int, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.asyncio:
        return asyncio.run(by_asyncio(options.asyncio))

    os.sched_setaffinity(0, {CORE})
    program, count = os.path.join(options.build, "bench", "spawn_children"), str(options.n)
    if not os.path.exists(program):
        sys.exit(f"{program} is not there: build the benchmarks")
    version = f"asyncio {sys.version_info.major}.{sys.version_info.minor}"
    commands = {
        "bare": ([program, "bare", count], "epoll"),
        "weft, epoll": ([program, "weft", count], "epoll"),
        "weft, io_uring": ([program, "weft", count], "io_uring"),
        version: ([sys.executable, __file__, "--asyncio", count], "epoll"),
    }
    shuffled = random.Random(1)
    figures = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name in shuffled.sample(list(commands), len(commands)):
            try:
                figures[name].append(measure(*commands[name]))
            except subprocess.CalledProcessError as e:  # a kernel without io_uring
                sys.exit(f"{name}: {e.stderr}")

    print(f"{'':16}{'starts, us':>12}{'to its end, us':>16}{'ratio to bare':>16}")
    for name, rounds in figures.items():
        ratio = statistics.median(whole / bare for (_, whole), (_, bare) in zip(rounds, figures["bare"]))
        starts, whole = (statistics.median(column) for column in zip(*rounds))
        print(f"{name:16}{starts:12.1f}{whole:16.1f}{ratio:16.2f}")


if __name__ == "__main__":
    main()
