# SPDX-License-Identifier: Apache-2.0
"""Looks on purpose for the order in which asyncio gives a certain log.

A run follows random choices until some task logs what the wanted log has not; the next one keeps a part of the best choices
so far, and chooses anew from there.
"""
import random

from tasks import world
from tasks.world import text

RUNS = 3000


class Guided:
    """A schedule of given choices, and random ones after these. It notes what it chose."""

    def __init__(self, choices, dice):
        self.choices, self.dice, self.made = choices, dice, []
        self.prompt_locks = True

    def batch(self, _):
        return None

    def pick(self, count):
        at = len(self.made)
        choice = self.choices[at] % count if at < len(self.choices) else int(self.dice() * count)
        self.made.append(choice)
        return choice


class Follower:
    """Hears the log as it is written, until it is another one than the wanted."""

    def __init__(self, wanted, schedule):
        self.left = {who: list(reversed(lines)) for who, lines in wanted.items()}
        self.schedule = schedule
        self.matched, self.choices = 0, None  # the choices made until the first difference

    def __call__(self, who, line):
        if self.choices is not None:
            return
        left = self.left.get(who)
        if left and left[-1] == line:
            left.pop()
            self.matched += 1
        else:
            self.choices = len(self.schedule.made)


def parsed(log):
    logs = {}
    for line in log.splitlines():
        if not line.startswith(" "):
            lines = logs.setdefault(line, [])
        else:
            lines.append(line[1:])
    return logs


def closest(program, wanted, otherwise):
    """The wanted log if it is found, else the one that went along with it for longest."""
    dice = random.Random(len(wanted)).random
    lines = parsed(wanted)
    best, best_choices, best_log = -1, [], otherwise
    for _ in range(RUNS):
        kept = best_choices[:int(dice() * (len(best_choices) + 1))] if dice() < 0.9 else []
        schedule = Guided(kept, dice)
        follower = Follower(lines, schedule)
        log = text(world.run(program, schedule, follower))
        if log == wanted:
            return log
        if follower.matched >= best:
            if follower.matched > best:
                best_log = log
            best = follower.matched
            best_choices = schedule.made[:follower.choices]
    return best_log
