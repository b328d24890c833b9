#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generators: weft beside a plain loop, generators written by hand and CPython, by nanoseconds per element.

Every round runs bench/generator_bench and bench/peers/generators.py once, on one core; ratios are taken within a round, so
that a machine that gets slower or busier slows both sides of a pair.

    bench/run_generators.py --build build/release [--rounds 5] [--program PATH]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers/generators.py")
CORE = 0
COLUMNS = ["loop", "minimal", "minimal, recycled", "std::generator", "CPython", "weft range-for", "weft next()",
           "weft send()"]
# row -> (weft's column, the one that it is compared with, the aim in ns per element; None: the aim is a ratio)
AIMS = {
    "inlinable": ("weft range-for", "loop", None),
    "inlinable, opaque call": ("weft range-for", "loop", None),
    "noinline function": ("weft range-for", "minimal", 1.5),
    "create, one value, destroy": ("weft next()", "minimal", 8),
    "tree of depth 20": ("weft range-for", "minimal, recycled", 26),
    "chain 1 000 deep": ("weft range-for", "minimal, recycled", 3),
    "averager": ("weft send()", "CPython", None),
}
RATIO_TO_A_LOOP = 1.1


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--program", help="another generator_bench")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1, help="at least, for each figure of a round")
    return parser.parse_args()


def output(command):
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600,
                              preexec_fn=lambda: os.sched_setaffinity(0, {CORE}))
    if finished.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {finished.returncode}\n{finished.stderr}")
    return json.loads(finished.stdout)


def one_round(options):
    """(row, column) -> nanoseconds per element."""
    program = options.program or os.path.join(options.build, "bench/generator_bench")
    measured = output([program, "--benchmark_format=json", f"--benchmark_min_time={options.seconds:g}"])
    # "inlinable/loop"
    figures = {tuple(run["name"].split("/")): run["per_element"] * 1e9 for run in measured["benchmarks"]}
    return figures | {(row, "CPython"): ns for row, ns in output([options.python, PEER]).items()}


def shown(ns):
    return f"{ns:.2f}" if ns < 100 else f"{ns:.0f}"


def aim(row):
    if AIMS[row][2]:
        return f"≤ {AIMS[row][2]:g} ns"
    return f"≤ {RATIO_TO_A_LOOP} ×" if AIMS[row][1] == "loop" else "–"


def main():
    options = parse()
    rounds = []
    for number in range(options.rounds):
        rounds.append(one_round(options))
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)

    columns = [column for column in COLUMNS if any(key[1] == column for key in rounds[0])]
    print(f"Generators, ns per element, medians of {options.rounds} rounds\n")
    print(f"| | {' | '.join(columns)} | weft to | ratio | aim |\n|{'---|' * (len(columns) + 4)}")
    for row, (weft, other, _) in AIMS.items():
        cells = [shown(statistics.median(r[row, column] for r in rounds)) if (row, column) in rounds[0] else "–"
                 for column in columns]
        ratio = statistics.median(r[row, weft] / r[row, other] for r in rounds)
        print(f"| {row} | {' | '.join(cells)} | {other} | {ratio:.2f} | {aim(row)} |")


if __name__ == "__main__":
    main()
