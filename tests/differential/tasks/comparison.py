# SPDX-License-Identifier: Apache-2.0
"""Whether the logs that weft gives for a program are among those that asyncio can give.

Weft runs a program in order and under SEEDS seeds. Each different log of these is looked for among asyncio's, which are made
one by one: first in order, then under SHUFFLES shuffles of its ready queue, until all are found. What is still missing then
is looked for on purpose: see search.py.
"""
import re

from tasks import grammar, program, search, world
from tasks.virtual_loop import InOrder, Shuffled

SEEDS = {"spaced": 2, "racing": 20}
SHUFFLES = 200


class Counts:
    """What was compared."""

    def __init__(self):
        self.programs = self.racing = self.order_matters = self.logs = self.searched = 0

    def __str__(self):
        return (f"{self.racing} of {self.programs} race, in {self.order_matters} order decides something, "
                f"{self.logs} logs of weft's, {self.searched} found only by search")


def text(logs):
    """As weft's side prints it."""
    return "".join(f"{who}\n" + "".join(f" {line}\n" for line in logs[who]) for who in sorted(logs))


def command(interpreter):
    return [interpreter, *map(str, SEEDS.values())]


def logs_by_program(output):
    """{seed of the program: {log: the orders that gave it}}"""
    found = {}
    for part in re.split(r"^program ", output, flags=re.MULTILINE)[1:]:
        seed, _, rest = part.partition("\n")
        pieces = re.split(r"^log of (.*)\n", rest, flags=re.MULTILINE)
        found[int(seed)] = dict(zip(pieces[2::2], pieces[1::2]))
    return found


def compare(one, actual, counts):
    """None, or the log of weft's that asyncio cannot give, and one that it can."""
    counts.programs += 1
    counts.racing += one.racing
    counts.logs += len(actual)
    in_order = text(world.run(one, InOrder()))
    missing = set(actual) - {in_order}
    order_matters = bool(missing)
    for seed in range(SHUFFLES):
        if not missing:
            break
        missing.discard(text(world.run(one, Shuffled(seed))))
    counts.order_matters += order_matters
    for log in sorted(missing):
        closest = search.closest(one, log, in_order)
        if closest != log:
            return log, closest
        counts.searched += 1
    return None


def log_in_order(one):
    return text(world.run(one, InOrder())).splitlines()


def first_difference(ask, interpreter, seeds, timeout, counts):
    """Of these seeds: its seed, one log of asyncio's, weft's, and how weft's side ended if it did not end well; or None."""
    programs = {seed: grammar.write(seed) for seed in seeds}
    words = "\n".join(program.encode(seed, one) for seed, one in programs.items()) + "\n"
    output, died = ask(command(interpreter), words, timeout)
    actual = logs_by_program(output)
    for seed, one in programs.items():
        if seed not in actual:
            return seed, text(world.run(one, InOrder())), "", died
        different = compare(one, actual[seed], counts)
        if different:
            orders = actual[seed][different[0]]
            return seed, different[1], f"{different[0]}(weft, {orders})\n", ""
    return None
