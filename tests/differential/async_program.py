# SPDX-License-Identifier: Apache-2.0
"""Random programs of async generators: as those of program.py, but nothing is delegated to (nor can it be), functions pause at
`await sleep(0)`, and what the driver does may happen in a task of its own, beside what it does next.
"""
import program
from program import FULL, SILENT, totals

STATEMENTS = totals(**{"yield": 32, "pause": 16, "try": 15, "guard": 9, "loop": 7, "raise": 5, "return": 4, "reraise": 5,
                       "make": 4, "state": 3, "verb": 14})
LEAVES = totals(**{"yield": 40, "pause": 18, "raise": 7, "return": 6, "reraise": 6, "make": 4, "state": 3, "verb": 14})
IN_BODY = totals(next=50, iterate=12, send=18, throw=12, close=6, drop=2)
BY_DRIVER = totals(next=42, iterate=8, send=18, throw=15, close=8, drop=2, pause=7)


class Writer(program.Writer):
    statements, leaves, in_body, by_driver = STATEMENTS, LEAVES, IN_BODY, BY_DRIVER
    kinds_of_functions = (FULL, FULL, SILENT)
    delegates = guards_resume = False

    def steps(self, slot):
        if not self.dice.chance(0.25):
            return super().steps(slot)
        steps = []
        for _ in range(1 + self.dice.below(3)):  # beside each other, mostly on one generator
            verb = self.dice.pick(("next", "next", "send", "throw", "iterate"))
            steps.append((verb, slot if self.dice.chance(0.7) else self.slot(), self.argument(verb), True))
        return steps + [("pause", 0, None, False)] * self.dice.below(3)


def write(seed):
    return Writer(seed).program()
