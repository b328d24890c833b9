# SPDX-License-Identifier: Apache-2.0
"""Looks on purpose for the order in which asyncio gives a certain log.

A run follows random choices until some task logs what the wanted log has not, or has ended too early; the next one keeps a
part of the best choices so far, and chooses anew from there.
"""
import random

from tasks import world
from tasks.world import text

RUNS = 3000


class Search:
    """A schedule of given choices, and random ones after these. It hears what is logged, and notes what it chose until
    that was another log than the wanted."""
    prompt_locks = True

    def __init__(self, wanted, choices, dice):
        self.left = {who: lines[::-1] for who, lines in wanted.items()}
        self.choices, self.dice = choices, dice
        self.tasks, self.made = {}, []
        self.matched, self.is_lost = 0, False

    def batch(self, _):
        return None

    def pick(self, count):
        at = len(self.made)
        choice = self.choices[at] % count if at < len(self.choices) else int(self.dice() * count)
        if not self.is_lost:
            self.is_lost = any(task.done() and self.left.get(f"t{number}") for number, task in self.tasks.items())
        if not self.is_lost:
            self.made.append(choice)
        return choice

    def begins(self, world):
        self.tasks = world.tasks

    def heard(self, who, line):
        left = self.left.get(who)
        if self.is_lost or not left or left.pop() != line:
            self.is_lost = True
        else:
            self.matched += 1


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
        schedule = Search(lines, kept, dice)
        log = text(world.run(program, schedule, schedule))
        if log == wanted:
            return log
        if schedule.matched >= best:
            if schedule.matched > best:
                best_log = log
            best, best_choices = schedule.matched, schedule.made
    return best_log
