# SPDX-License-Identifier: Apache-2.0
"""Random concurrent programs: a seed gives one, always the same with one version of Python.

Six of ten are spaced: each duration has a fraction of its own, so that no two chains of sleeps end at one instant, and
after most waits that one act may end for several tasks each sleeps before it goes on. The others race: durations are 0
to 3, few tasks do little, and nearly everything falls on the same instants.

Each program takes its statements from two or three families, so that what belongs together meets.
"""
import sys

from program import Dice, totals
from tasks.families import ACTIONS, ALWAYS, BLOCKS, FAMILIES, FIRST_PYTHON, MORE_IN_RACES, WAITING_FOR_TASKS
from tasks.program import FUTURES, KINDS_OF_THINGS, NONE, Program, Statement

COARSE = 1 << 44  # spaced durations: a multiple of this, and one bit below it
DEEPEST = 4  # blocks have no blocks in them there
TIMED = 42  # statements of one program that have such a bit


class Reference:
    """To a task that is not written yet."""

    def __init__(self, above, random):
        self.above, self.random = above, random


class Writer:
    def __init__(self, seed, version=sys.version_info):
        self.dice = Dice(seed)
        self.version = version
        self.racing = self.dice.chance(0.4)
        self.site = self.timed = 0
        self.tasks = [0]  # the numbers of those that are written
        self.task = 0  # the one whose body is being written
        self.most_tasks = 4 + self.dice.below(3) if self.racing else 3 + self.dice.below(7)
        self.groups, self.timeouts, self.calls, self.done_callbacks = [], [], [], []
        self.conditions = []  # those held where it writes
        self.in_callback = False
        self.families = self.choose_families()
        self.things = {kind: self.make_things(kind) for kind in KINDS_OF_THINGS}
        self.statements = totals(**self.weights(lambda name: True))
        self.leaves = totals(**self.weights(lambda name: name not in BLOCKS))
        self.actions = totals(**self.weights(lambda name: name in ACTIONS))

    # what there is to choose from

    def choose_families(self):
        possible = [name for name in FAMILIES if self.is_known(name)]
        return [possible[self.dice.below(len(possible))] for _ in range(2 + self.dice.below(2))]

    def is_known(self, name):
        return self.version >= FIRST_PYTHON.get(name, (3, 11))

    def make_things(self, kind):
        limits = {kind: most for name in self.families for kind, most in FAMILIES[name].things.items()}
        if kind not in limits:
            return ()
        several = kind != "condition" and self.dice.chance(0.3)
        return tuple(1 + self.dice.below(limits[kind]) for _ in range(1 + several))

    def weights(self, wanted):
        weights = ALWAYS | (MORE_IN_RACES if self.racing else {})
        for name in self.families:
            weights.update(FAMILIES[name].weights)
        return {name: weight for name, weight in weights.items() if wanted(name) and self.is_known(name)}

    # the program

    def program(self):
        body = self.block(0, 3 + self.dice.below(4), spawns=True)
        horizon, pause = (40, 40) if self.racing else (COARSE << 6, COARSE << 6)
        return Program(self.racing, self.things, self.resolve(body), horizon, pause)

    def resolve(self, block):
        return tuple(one._replace(numbers=tuple(map(self.resolved, one.numbers)), blocks=tuple(map(self.resolve, one.blocks)))
                     for one in block)

    def resolved(self, number):
        if not isinstance(number, Reference):
            return number
        possible = [task for task in self.tasks if task > number.above]
        return possible[int(number.random * len(possible))] if possible else NONE

    def block(self, depth, length, spawns=False):
        block = []
        for at in range(length):
            if spawns and at < 2 + self.racing and self.may_spawn():
                name = "spawn"
            else:
                name = self.dice.weighted(self.statements if depth < DEEPEST else self.leaves)
            if self.conditions and name in WAITING_FOR_TASKS:
                name = "sleep"
            written = getattr(self, name, None)
            block += written(depth) if written else self.simple(name)
        return block

    def statement(self, name, *numbers, blocks=()):
        self.site += 1
        return Statement(name.rstrip("_"), self.site, numbers, blocks)

    def simple(self, name):
        return [self.statement(name)]

    def inner(self, depth):
        return self.block(depth + 1, 1 + self.dice.below(2 if self.racing else 3))

    def action_block(self):
        self.in_callback = True
        block = [one for _ in range(1 if self.things["queue"] else 1 + self.dice.below(2)) for one in self.action()]
        self.in_callback = False
        return block

    def action(self):
        name = self.dice.weighted(self.actions)
        return getattr(self, name)(9) if hasattr(self, name) else self.simple(name)

    # numbers

    def duration(self):
        """One that this program has only once, or None if there are no more."""
        if self.racing:
            return self.dice.pick((0, 0, 1, 1, 1, 2, 3))
        if self.timed == TIMED:
            return None
        self.timed += 1
        return self.dice.below(4) * COARSE + (1 << self.timed)

    def duration_or_none(self, chance=0.15):
        duration = None if self.dice.chance(chance) else self.duration()
        return NONE if duration is None else duration

    def awaited(self):
        """Something this task may wait for."""
        if self.things["future"] and self.dice.chance(0.35):
            return self.future()
        written = [task for task in self.tasks if task > self.task]
        if written and self.dice.chance(0.85):
            return self.dice.pick(written)
        return Reference(self.task, self.dice.random())

    def several_awaited(self):
        several = []
        for _ in range(1 + self.dice.below(3)):
            one = self.awaited()
            if isinstance(one, Reference) or one not in several:
                several.append(one)
        return several

    def future(self):
        return FUTURES + self.dice.below(len(self.things["future"]))

    def which(self, kind):
        return self.dice.below(len(self.things[kind]))

    def spaced_out(self, block):
        """After what one act may end for several tasks at once."""
        if self.racing or not self.dice.chance(0.75):
            return block
        return block + self.sleep(0)

    def often_undone(self, block, name):
        """A little later, by a statement that refers to the first of the block."""
        if not self.dice.chance(0.3):
            return block
        return block + self.block(DEEPEST, 1) + [self.statement(name, block[0].site)]

    # statements of all programs

    def sleep(self, _):
        duration = self.duration()
        return [] if duration is None else [self.statement("sleep", duration)]

    def try_(self, depth):
        blocks = [self.inner(depth), self.handler(depth)]
        caught = self.dice.pick((0, 0, 0, 1, 1, 2, 3))
        return [self.statement("try", caught, int(self.dice.chance(0.4)), blocks=blocks)]

    def finally_(self, depth):
        return [self.statement("finally", blocks=[self.inner(depth), self.handler(depth)])]

    def handler(self, depth):
        before = [] if self.racing and self.dice.chance(0.5) else self.sleep(depth)
        return before + (self.inner(depth) if self.dice.chance(0.5) else [])

    def may_spawn(self):
        return len(self.tasks) < self.most_tasks

    def spawn(self, depth, name="spawn", *numbers, body=None):
        if not self.may_spawn():
            return self.sleep(depth)
        number = len(self.tasks)
        self.tasks.append(number)
        body = body or self.body(number, depth)
        return [self.statement(name, *numbers, number, blocks=[body])]

    def some_tasks(self, body):
        """At most three, and their numbers."""
        first = len(self.tasks)
        spawns = [one for _ in range(3) for one in self.spawn(DEEPEST, body=body())]
        return spawns, self.tasks[first:]

    def body(self, number, depth):
        outside = self.task, self.conditions
        self.task, self.conditions = number, []
        start = [] if self.racing and self.dice.chance(0.6) else self.sleep(depth)
        body = start + self.block(max(1, depth - 1), 1 + self.dice.below(3 if self.racing else 5))
        self.task, self.conditions = outside
        return body

    def await_(self, _):
        return self.spaced_out([self.statement("await", self.awaited())])

    def cancel(self, _):
        message = self.dice.below(3)
        if self.things["future"] and self.dice.chance(0.2):
            return [self.statement("cancel", self.future(), message)]
        if self.dice.chance(0.9):
            others = [task for task in self.tasks if task != self.task]
            if others:
                return [self.statement("cancel", self.dice.pick(others), message)]
        return [self.statement("cancel", Reference(-1, self.dice.random()), message)]

    def raise_(self, _):
        return [self.statement("raise", self.dice.below(2))]

    def look(self, _):
        if self.things["future"] and self.dice.chance(0.3):
            return [self.statement("look", self.future())]
        return [self.statement("look", Reference(-1, self.dice.random()))]
