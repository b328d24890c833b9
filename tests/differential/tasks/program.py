# SPDX-License-Identifier: Apache-2.0
"""What a concurrent program is: a tree of statements, how it is written for weft's side, and how for people.

A statement has a name, a site (its number in the program, by which the log knows it), numbers, and blocks of statements. Its
meaning is the function of that name in statements/*.py, and on weft's side that in statements/*.cpp.

Some numbers name things:
    tasks    0 is the first; others get theirs where they are spawned, from the outside in, so that a task which only waits
             for those with a greater number than its own takes part in no circle
    futures  FUTURES and up
    NONE     nothing was found to refer to
Durations are nanoseconds.
"""
from typing import NamedTuple

FUTURES = 1000
NONE = -1


class Statement(NamedTuple):
    name: str
    site: int
    numbers: tuple = ()
    blocks: tuple = ()


class Program(NamedTuple):
    racing: bool  # acts fall on the same instant on purpose
    things: dict  # {kind: a number for each thing of that kind}, as in KINDS_OF_THINGS
    body: tuple  # what task 0 does
    horizon: int  # when whatever is still there is cancelled
    pause: int  # between these cancellations


KINDS_OF_THINGS = ("future", "lock", "event", "condition", "semaphore", "bounded_semaphore", "barrier", "queue")


def encode(seed, program):
    """As the words that program.cpp reads."""
    words = ["racing" if program.racing else "spaced", seed, program.horizon, program.pause]
    for kind in KINDS_OF_THINGS:
        words += [len(program.things[kind]), *program.things[kind]]
    encode_block(program.body, words)
    return " ".join(map(str, words))


def encode_block(block, words):
    words.append(len(block))
    for statement in block:
        words += [statement.name, statement.site, len(statement.numbers), *statement.numbers, len(statement.blocks)]
        for inner in statement.blocks:
            encode_block(inner, words)


def readable(program):
    lines = [f"{'racing' if program.racing else 'spaced'}, until {program.horizon}"]
    lines += [f"{kind}s {list(numbers)}" for kind, numbers in program.things.items() if numbers]
    write_block(program.body, 0, lines)
    return "\n".join(lines)


def write_block(block, depth, lines):
    for statement in block:
        lines.append(f"{statement.site:4} {'    ' * depth}{statement.name} {' '.join(map(str, statement.numbers))}")
        for inner in statement.blocks:
            write_block(inner, depth + 1, lines)
            lines.append(f"     {'    ' * depth}-")
        if statement.blocks:
            lines.pop()
