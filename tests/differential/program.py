# SPDX-License-Identifier: Apache-2.0
"""Random generator programs: a seed gives always the same one, with any Python 3.

A program has up to seven functions, each of which calls only later ones (so that delegation nests to depth 6), ranges
to delegate to, and a script: what the driver does to the generators that it holds in four slots. The slots are open to
the functions too: they make, resume, close, drop and take over what is in them, so that a generator can be entered
while it runs, and one can be handed over half-way.

Statements, as tuples whose second item is the number of the site in the program:
    ("yield", site)                     yields frame number * 1000 + site, and logs what it is sent
    ("from", site, kind, number)        delegates to a fresh function, a slot, or a range; logs the result
    ("guard", site, slot, block)        try: block finally: log, and next() on the slot unless it is None
    ("try", site, [(caught, block)…])   first the body (caught is None), then its handlers, which run after the try
    ("loop", site, count, block)
    ("raise", site, error)
    ("reraise", site, number of the try statement whose handler this is in)
    ("return", site)
    ("make", site, slot, function)      unless the slot is taken
    ("state", site, slot)
    ("pause", site)  awaits sleep(0); only in async programs
    (verb, site, slot, argument)        verb of VERBS: what the driver can do to a slot
"""
import random
from typing import NamedTuple

SLOTS = 4
DEEPEST = 6
MOST_LINES = 400  # a log that is longer stops the program at its next loop or driver's operation

# What functions are: generator<int, optional<int>, int>, generator<int, void, int>, generator<int>.
FULL, SILENT, PLAIN = range(3)

USER_ERRORS = ["A", "B", "C", "GX"]  # B is an A, GX a GeneratorExit
RAISED = ["A", "B", "C", "GX", "exit"]
CAUGHT = ["A", "B", "C", "GX", "exit", "running", "ignored", "not_started", "cannot_send", "exception", "any"]
VERBS = ["next", "iterate", "send", "throw", "close", "drop"]
DELEGATED = ["call", "slot", "list", "shared_list", "acting"]


class Program(NamedTuple):
    functions: list  # (kind, block)
    ranges: list  # (elements, index of the element at which it acts, error to raise or None, slot to resume or None)
    script: list  # (verb, slot, argument, in a task of its own?), verb of VERBS or "renew", whose argument is a function


class Dice:
    """random() alone, which Python promises to keep for a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, count):
        return int(self.random() * count)

    def chance(self, probability):
        return self.random() < probability

    def pick(self, choices):
        return choices[int(self.random() * len(choices))]

    def weighted(self, table):
        """A name of ((name, running total of the weights), …)."""
        at = self.random() * table[-1][1]
        for name, until in table:
            if at < until:
                return name
        return table[-1][0]


def totals(**weights):
    sum_, table = 0, []
    for name, weight in weights.items():
        sum_ += weight
        table.append((name, sum_))
    return tuple(table)


STATEMENTS = totals(**{"yield": 34, "from": 22, "try": 13, "guard": 9, "loop": 6, "raise": 5, "return": 4, "reraise": 5,
                       "make": 2, "state": 2, "verb": 5})
LEAVES = totals(**{"yield": 46, "from": 24, "raise": 7, "return": 6, "reraise": 6, "make": 2, "state": 2, "verb": 5})
IN_BODY = totals(next=40, iterate=8, send=18, throw=14, close=14, drop=6)
BY_DRIVER = totals(next=48, iterate=5, send=22, throw=17, close=6, drop=2)
THROWN = totals(A=5, B=4, C=4, exit=5, GX=3)
CLAUSES = totals(A=5, B=2, C=3, GX=4, exit=11, running=3, ignored=4, not_started=1, cannot_send=4, exception=6, any=6)
TARGETS = totals(call=64, slot=14, list=7, shared_list=5, acting=10)


class Writer:
    """Writes one program."""
    statements, leaves, in_body, by_driver = STATEMENTS, LEAVES, IN_BODY, BY_DRIVER
    kinds_of_functions = (FULL, FULL, FULL, SILENT, PLAIN)
    delegates = guards_resume = True

    def __init__(self, seed):
        self.dice = Dice(seed)
        self.site = 0
        self.count = self.dice.pick((1, 2, 3, 3, 4, 4, 5, 6, DEEPEST + 1))
        self.kinds = [FULL] + [self.dice.pick(self.kinds_of_functions) for _ in range(self.count - 1)]
        self.ranges = []

    def program(self):
        functions = [(kind, self.function(number)) for number, kind in enumerate(self.kinds)]
        return Program(functions, self.ranges, self.script())

    def new_site(self):
        self.site += 1
        return self.site

    def error(self):
        return self.dice.weighted(THROWN), self.new_site()

    def slot(self):
        return self.dice.pick((0, 0, 1, 1, 2, 3))

    def function(self, number):
        self.budget = 3 + self.dice.below(9)
        block = self.block(number, 0, [])
        if self.delegates and self.dice.chance(0.55):  # so that deep chains are common
            place = self.dice.below(2)
            if self.dice.chance(0.5):
                block.insert(place, self.delegation(self.new_site(), number))
            else:
                clause = (self.dice.weighted(CLAUSES), self.block(number, 1, []))
                block.insert(place, ("try", self.new_site(),
                                     [(None, [self.delegation(self.new_site(), number)]), clause]))
        if not block or block[-1][0] != "return":
            block.append(("return", self.new_site()))
        return block

    def block(self, function, depth, handled):
        block = []
        for _ in range(1 + self.dice.below(4)):
            if self.budget <= 0 and block:
                break
            self.budget -= 1
            statement = self.statement(function, depth, handled, early=not block)
            block.append(statement)
            if statement[0] in ("raise", "return", "reraise"):
                break
        return block

    def statement(self, function, depth, handled, early):
        dice, site = self.dice, self.new_site()
        name = dice.weighted(self.statements if depth < DEEPEST else self.leaves)
        if early and name in ("raise", "return") and dice.chance(0.8):
            name = "yield"
        elif depth == 0 and name in ("yield", "from") and dice.chance(0.3):
            name = "try"
        if name == "reraise" and not handled:
            name = "yield"
        if name in ("yield", "return", "pause"):
            return (name, site)
        if name == "from":
            return self.delegation(site, function)
        if name == "try":
            blocks = [(None, self.block(function, depth + 1, handled))]
            for _ in range(1 + dice.chance(0.3)):
                caught = dice.weighted(CLAUSES)
                blocks.append((caught, self.handler(function, depth + 1, handled + [site], caught)))
            return (name, site, blocks)
        if name == "guard":
            slot = self.slot() if self.guards_resume and dice.chance(0.2) else None
            return (name, site, slot, self.block(function, depth + 1, handled))
        if name == "loop":
            return (name, site, 2 + dice.below(3), self.block(function, depth + 1, handled))
        if name == "raise":
            return (name, site, self.error())
        if name == "reraise":
            return (name, site, dice.pick(handled))
        if name == "make":
            return (name, site, self.slot(), self.callee(function)) if function + 1 < self.count else ("yield", site)
        if name == "state":
            return (name, site, self.slot())
        verb = dice.weighted(self.in_body)
        return (verb, site, self.slot(), self.argument(verb))

    def handler(self, function, depth, handled, caught):
        """One that answers a close tends to end: with a value, or with another exit."""
        block = self.block(function, depth, handled)
        if caught in ("exit", "any") and self.dice.chance(0.3):
            ending = ("raise", self.new_site(), ("GX", self.site)) if self.dice.chance(0.5) else ("return", self.new_site())
            return block[:self.dice.below(2)] + [ending]
        return block

    def callee(self, function):
        """A later function, mostly the next."""
        if self.dice.chance(0.6):
            return function + 1
        return function + 1 + self.dice.below(self.count - function - 1)

    def delegation(self, site, function):
        kind = self.dice.weighted(TARGETS)
        if kind == "call":
            # What takes no values cannot delegate to what does.
            callees = [number for number in range(function + 1, self.count)
                       if self.kinds[function] == FULL or self.kinds[number] != FULL]
            if callees:
                number = callees[0] if self.dice.chance(0.6) else self.dice.pick(callees)
                return ("from", site, kind, number)
            kind = "list"
        if kind == "slot":
            return ("from", site, kind, self.dice.pick((0, 1, 1, 2, 2, 3, 3)))
        self.ranges.append(self.range(kind))
        return ("from", site, kind, len(self.ranges) - 1)

    def range(self, kind):
        elements = [self.new_site() for _ in range(self.dice.below(4))]
        if kind != "acting":
            return (elements, None, None, None)
        elements.append(self.new_site())
        at = self.dice.below(len(elements))
        if self.dice.chance(0.7):
            return (elements, at, self.error(), None)
        return (elements, at, None, self.slot())

    def argument(self, verb):
        if verb == "iterate":
            return 1 + self.dice.below(3)
        if verb == "send":
            return 1 + self.dice.below(99)
        return self.error() if verb == "throw" else None

    def script(self):
        dice = self.dice
        script = []
        for slot in range(1, SLOTS):
            if dice.chance(0.5):
                script.append(("renew", slot, dice.below(self.count), False))
                script += [("next", slot, None, False)] * dice.below(3)
        for _ in range(4 + dice.below(12)):
            slot = 0 if dice.chance(0.85) else 1 + dice.below(SLOTS - 1)
            if dice.chance(0.6 if slot == 0 else 0.3):
                script.append(("renew", slot, 0 if slot == 0 else dice.below(self.count), False))
                if dice.chance(0.8):
                    script.append(("next", slot, None, False))
            script += self.steps(slot)
        return script

    def steps(self, slot):
        verb = self.dice.weighted(self.by_driver)
        return [(verb, slot, self.argument(verb), False)]


def write(seed):
    return Writer(seed).program()
