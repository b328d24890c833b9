#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rows of bench/generator_bench.cpp in Python: prints nanoseconds per element, as JSON. Called by run_generators.py."""

import json
import sys
import time


def count(n):
    for i in range(n):
        yield i


def tree(low, high):
    if low >= high:
        return
    middle = low + (high - low) // 2
    yield from tree(low, middle)
    yield middle
    yield from tree(middle + 1, high)


def chain(depth, n):
    if depth == 0:
        yield from range(n)
    else:
        yield from chain(depth - 1, n)


def averager():
    total = 0.0
    mean = 0.0
    n = 1
    while True:
        total += yield mean
        mean = total / n
        n += 1


def use_up(generator):
    for _ in generator:
        pass


def create(n):
    for _ in range(n):
        next(count(3))


def send(n):
    mean = averager()
    next(mean)
    for i in range(n):
        mean.send(i)


DEPTH = 1000
ROWS = {
    "noinline function": (lambda n: use_up(count(n)), 1_000_000),
    "create, one value, destroy": (create, 300_000),
    "tree of depth 20": (lambda n: use_up(tree(0, n)), (1 << 20) - 1),
    "chain 1 000 deep": (lambda n: use_up(chain(DEPTH, n)), 3_000),
    "averager": (send, 1_000_000),
}


def main():
    sys.setrecursionlimit(10 * DEPTH)
    result = {}
    for row, (work, elements) in ROWS.items():
        start = time.perf_counter()
        work(elements)
        result[row] = (time.perf_counter() - start) * 1e9 / elements
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
