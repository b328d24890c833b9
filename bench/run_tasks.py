#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tasks, switches, timers: weft beside tasks written by hand, tokio, Go and asyncio, by nanoseconds of CPU time per element.

Every round runs everyone once, on one core and one thread each, in an order shuffled from a fixed seed; ratios are taken
within a round, so that a machine that gets slower or busier slows both sides of a pair. What is not installed (cargo, go)
is left out, and said so; the peers are built below --build.

    bench/run_tasks.py --build build/release [--rounds 5] [--without tokio,go,asyncio]
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
CORE = 0
COLUMNS = ["minimal", "tokio", "Go", "asyncio", "weft"]
SWITCHES = {  # row -> weft's aim, ns; None: no aim of its own
    "await a trivial task": 7.5,
    "await a trivial task, noinline": None,
    "switch": 4,
    "async generator, an element": None,
    "yield, 1 000 tasks": 6,
    "spawn and await": 20,
    "spawn 1 000 000 then join": 60,
    "spawn 1 000 000 then join, again": None,
    "queue, one way": 20,
}
TIMERS = {
    "timer, schedule": 15,
    "timer, cancel": 10,
    "timer, fire": 100,
    "timer, re-arm": 15,
    "callback, schedule": None,
    "callback, cancel": None,
    "callback, fire": None,
    "callback, re-arm": None,
    "sleeping task, fire": None,
}
MEMORY = {
    "sleeping task, heap": 256,
    "sleeping task, resident": None,
}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1, help="at least, for each short figure of a round of C++")
    parser.add_argument("--without", default="", help="comma-separated: tokio, go, asyncio")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def output(command):
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=900,
                              preexec_fn=lambda: os.sched_setaffinity(0, {CORE}))
    if finished.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {finished.returncode}\n{finished.stderr}")
    return json.loads(finished.stdout)


def built(who, tool, command, program):
    """The program, made by `command`; None with a word where that cannot be."""
    if not shutil.which(tool):
        print(f"{who}: no {tool}, left out", file=sys.stderr)
        return None
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if finished.returncode != 0:
        print(f"{who}: left out, for {' '.join(command)} failed:\n{finished.stdout}", file=sys.stderr)
        return None
    return program


def find_peers(options):
    """name -> (command for the figures, command for the resident bytes of a sleeping task)"""
    without = options.without.lower().split(",")
    below = os.path.abspath(os.path.join(options.build, "bench/peers"))
    peers = {}
    if "tokio" not in without:
        tokio = built("tokio", "cargo",
                      ["cargo", "build", "--release", "--quiet", "--locked", "--manifest-path",
                       os.path.join(PEERS, "tokio_tasks/Cargo.toml"), "--target-dir", os.path.join(below, "tokio")],
                      os.path.join(below, "tokio/release/tokio_tasks"))
        if tokio:
            peers["tokio"] = ([tokio], [tokio, "--memory"])
    if "go" not in without:
        go = built("Go", "go", ["go", "build", "-o", os.path.join(below, "tasks_go"), os.path.join(PEERS, "tasks.go")],
                   os.path.join(below, "tasks_go"))
        if go:
            peers["Go"] = ([go], [go, "-memory"])
    if "asyncio" not in without:
        script = [options.python, os.path.join(PEERS, "tasks.py")]
        peers["asyncio"] = (script, [*script, "--memory"])
    return peers


def by_benchmarks(options, who):
    """row -> nanoseconds, of those of task_bench, timer_bench and queue_bench that are called ROW/WHO."""
    rows = {}
    for name in ("task_bench", "timer_bench", "queue_bench"):
        program = os.path.join(options.build, "bench", name)
        listed = subprocess.run([program, "--benchmark_list_tests"], stdout=subprocess.PIPE, text=True)
        if f"/{who}" not in listed.stdout:
            continue
        measured = output([program, "--benchmark_format=json", f"--benchmark_min_time={options.seconds:g}",
                           f"--benchmark_filter=/{who}"])
        for run in measured["benchmarks"]:
            rows[run["name"].split("/")[0]] = run["per_element"] * 1e9
    memory = output([os.path.join(options.build, "bench/task_memory"), who])
    return rows | {f"sleeping task, {what}": bytes_ for what, bytes_ in memory.items()}


def by_peer(figures, memory):
    return output(figures) | {"sleeping task, resident": output(memory)}


def one_round(options, peers, generator):
    """(row, column) -> nanoseconds, or bytes"""
    everyone = ["weft", "minimal", *peers]
    generator.shuffle(everyone)
    figures = {}
    for who in everyone:
        rows = by_peer(*peers[who]) if who in peers else by_benchmarks(options, who)
        figures |= {(row, who): value for row, value in rows.items()}
    return figures


def shown(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def table(title, aims, unit, rounds):
    columns = [column for column in COLUMNS if any(key[1] == column for key in rounds[0])]
    print(f"\n{title}, medians of {len(rounds)} rounds\n")
    print(f"| {unit} | {' | '.join(columns)} | weft to minimal | aim | |\n|{'---|' * (len(columns) + 4)}")
    for row, aim in aims.items():
        cells = {column: statistics.median(r[row, column] for r in rounds) for column in columns
                 if (row, column) in rounds[0]}
        ratio = aimed = verdict = "–"
        if "weft" in cells and "minimal" in cells:
            ratio = f"{statistics.median(r[row, 'weft'] / r[row, 'minimal'] for r in rounds):.2f}"
        if aim:
            aimed = f"≤ {aim:g}"
            verdict = "met" if cells.get("weft", float("inf")) <= aim else "missed" if "weft" in cells else "not there yet"
        print(f"| {row} | {' | '.join(shown(cells[c]) if c in cells else '–' for c in columns)} | {ratio} | {aimed} | "
              f"{verdict} |")


def main():
    options = parse()
    peers = find_peers(options)
    generator = random.Random(options.seed)
    rounds = []
    for number in range(options.rounds):
        rounds.append(one_round(options, peers, generator))
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    table("Tasks and switches", SWITCHES, "ns", rounds)
    table("Timers, 1 000 000 live (re-arm: 100 000)", TIMERS, "ns", rounds)
    table("Memory", MEMORY, "bytes", rounds)


if __name__ == "__main__":
    main()
