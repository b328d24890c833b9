# SPDX-License-Identifier: Apache-2.0
"""Whether the logs that weft gives for a program are among those that asyncio can give.

Weft runs a program in order and under SEEDS seeds. Each different log of these is looked for among asyncio's, which are made
one by one: first in order, then under SHUFFLES shuffles of its ready queue, until all are found. What is still missing then
is looked for on purpose: see search.py.
"""
import re

import tasks.statements  # noqa: F401: fills the tables of world.py
from tasks import grammar, program, search, world
from tasks.world import text
from tasks.virtual_loop import InOrder, Shuffled

SEEDS = {"spaced": 2, "racing": 20}
SHUFFLES = 200


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


def compare(one, actual, tally):
    """None, or the log of weft's that asyncio cannot give, and one that it can."""
    tally["racing programs"] += one.racing
    tally["logs of weft's"] += len(actual)
    in_order = text(world.run(one, InOrder()))
    missing = set(actual) - {in_order}
    tally["programs in which order decided something"] += bool(missing)
    for seed in range(SHUFFLES):
        if not missing:
            break
        missing.discard(text(world.run(one, Shuffled(seed))))
    for log in sorted(missing):
        closest = search.closest(one, log, in_order)
        if closest != log:
            return log, closest
        tally["logs found only by search"] += 1
    return None


def log_in_order(one):
    return text(world.run(one, InOrder())).splitlines()


def first_difference(ask, interpreter, seeds, timeout, tally):
    """Of these seeds: its seed, one log of asyncio's, weft's, and how weft's side ended if it did not end well; or None."""
    programs = {seed: grammar.write(seed) for seed in seeds}
    words = "\n".join(program.encode(seed, one) for seed, one in programs.items()) + "\n"
    output, died = ask(command(interpreter), words, timeout)
    actual = logs_by_program(output)
    for seed, one in programs.items():
        if seed not in actual:
            return seed, text(world.run(one, InOrder())), "", died
        different = compare(one, actual[seed], tally)
        if different:
            orders = actual[seed][different[0]]
            return seed, different[1], f"{different[0]}(weft, {orders})\n", ""
    return (seeds[-1], "", "", died) if died else None
