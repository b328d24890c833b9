#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the same random programs by this Python and by weft, and compares their logs line by line.

    tests/differential/run.py generator --interpreter build/dev/tests/differential/generator_interpreter --count 20000
    … --start 4711 --count 1 --show      the program of one seed, and both logs

Exits with 1 at the first seed that differs, or at which weft's side crashes or hangs, and prints all of it.
"""
import argparse
import concurrent.futures
import difflib
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Callable, NamedTuple

import async_program
import async_python_source
import async_reference
import encoding
import program
import python_source
import reference
from tasks import comparison, grammar, program as task_program

BATCH = 500
TOLD = 50000


class Difference(NamedTuple):
    seed: int
    expected: str
    actual: str
    died: str  # how weft's side ended, if it did not end well


def ask(command, text, timeout):
    """What weft's side prints, and how it ended: "" if well. The time is the processor's, whatever else that has to do; ten
    times as much may pass on the wall."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (timeout, timeout)))
    try:
        output, errors = child.communicate(text.encode(), 10 * timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        output, errors = child.communicate()
    if not child.returncode:
        return output.decode(errors="replace"), ""
    hung = child.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
    how = f"did not end in {timeout} s" if hung else f"ended with {child.returncode}"
    return output.decode(errors="replace"), "\n".join(filter(None, [how, errors.decode(errors="replace")]))


def logs(output):
    """{seed: log}."""
    parts = re.split(r"^program (\d+)\n", output, flags=re.MULTILINE)
    return {int(seed): log for seed, log in zip(parts[1::2], parts[2::2])}


class Generators(NamedTuple):
    """A program has one log."""
    write: Callable  # the program of a seed
    run: Callable  # CPython's log of it
    readable: Callable

    def first_difference(self, interpreter, seeds, timeout):
        """Of these seeds, or None; and how many there were of what is counted besides."""
        programs = {seed: self.write(seed) for seed in seeds}
        text = "\n".join(encoding.encode(seed, one) for seed, one in programs.items()) + "\n"
        output, died = ask([interpreter], text, timeout)
        actual = logs(output)
        for seed, one in programs.items():
            expected = "".join(f"{line}\n" for line in self.run(one))
            if actual.get(seed) != expected:
                return Difference(seed, expected, actual.get(seed, ""), died if seed not in actual else ""), Counter()
        return Difference(seeds[-1], "", "", died) if died else None, Counter()


class Tasks(NamedTuple):
    """A program has several admissible logs."""
    write: Callable = grammar.write
    run: Callable = comparison.log_in_order
    readable: Callable = task_program.readable

    def first_difference(self, interpreter, seeds, timeout):
        tally = Counter()
        found = comparison.first_difference(ask, interpreter, seeds, timeout, tally)
        return found and Difference(*found), tally


KINDS = {
    "generator": Generators(program.write, reference.run, python_source.readable),
    "async": Generators(async_program.write, async_reference.run, async_python_source.readable),
    "tasks": Tasks(),
}


def first_difference(kind, interpreter, seeds, timeout):
    return KINDS[kind].first_difference(interpreter, seeds, timeout)


def search(kind, interpreter, start, count, jobs, timeout):
    """The first difference, or None; the number of programs compared, and of what is counted besides."""
    batches = [range(at, min(at + BATCH, start + count)) for at in range(start, start + count, BATCH)]
    if jobs == 1:
        return first_of((first_difference(kind, interpreter, batch, timeout) for batch in batches), batches)
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        found = pool.map(first_difference, *zip(*((kind, interpreter, batch, timeout) for batch in batches)))
        result = first_of(found, batches)
        pool.shutdown(cancel_futures=True)
        return result


def first_of(found, batches):
    compared, tally = 0, Counter()
    for (difference, counted), batch in zip(found, batches):
        tally += counted
        if difference:
            return difference, compared + difference.seed - batch.start + 1, tally
        compared += len(batch)
        if compared % TOLD == 0:  # so that a long run that is broken off has told how far it came
            print(f"{compared} without a difference", flush=True)
    return None, compared, tally


def explain(kind, difference):
    lines = difflib.unified_diff(difference.expected.splitlines(), difference.actual.splitlines(),
                                 "CPython " + platform.python_version(), "weft", n=12, lineterm="")
    return "\n".join([f"seed {difference.seed}", KINDS[kind].readable(KINDS[kind].write(difference.seed)), "", *lines,
                      *([f"weft's side {difference.died}"] if difference.died else [])])


def show(kind, seed):
    one = kind.write(seed)
    print(kind.readable(one), "", *kind.run(one), sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--interpreter", required=True, help="weft's side")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=20000, help="how many seeds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=int, default=60, help=f"seconds of the processor for {BATCH} programs")
    parser.add_argument("--show", action="store_true", help="print the first program and CPython's log")
    options = parser.parse_args()
    if options.show:
        show(KINDS[options.kind], options.start)
    began = time.monotonic()
    difference, compared, tally = search(options.kind, options.interpreter, options.start, options.count, options.jobs,
                                         options.timeout)
    if difference:
        print(explain(options.kind, difference))
    print(f"{compared} {options.kind} programs from seed {options.start}, CPython {platform.python_version()}: "
          f"{'a difference' if difference else 'no difference'}, {time.monotonic() - began:.1f} s")
    for what, count in tally.items():
        print(f"{count} {what}")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
