# SPDX-License-Identifier: Apache-2.0
"""Programs as the numbers that the C++ side reads (program.hpp): blocks flattened into instructions with jumps."""
from program import CAUGHT, DELEGATED, RAISED, VERBS

OPERATIONS = ["yield", "from", "guard", "end_guard", "try", "end_try", "jump", "loop", "end_loop", "raise", "reraise",
              "return", "make", "state", "verb", "pause"]
OPERATION = {name: number for number, name in enumerate(OPERATIONS)}
SCRIPT_VERB = {name: number for number, name in enumerate(VERBS + ["renew", "pause"])}


def optional(number):
    return -1 if number is None else number


def argument(verb, value):
    """The argument of a verb as two numbers."""
    return (RAISED.index(value[0]), value[1]) if verb == "throw" else (optional(value), 0)


class FunctionEncoder:
    def __init__(self, kind, block):
        self.kind = kind
        self.code = []
        self.handlers = []  # per try statement: [(what is caught, where its handler begins)]
        self.number_of_try = {}  # by site
        self.block(block)

    def emit(self, operation, site=0, *arguments):
        """The place of the instruction; it has four arguments besides its site."""
        self.code.append([OPERATION[operation], site, *arguments, *[0] * (4 - len(arguments))])
        return len(self.code) - 1

    def block(self, block):
        for statement in block:
            self.statement(*statement)

    def statement(self, name, site, *rest):
        match name:
            case "yield" | "return" | "pause":
                self.emit(name, site)
            case "from":
                self.emit(name, site, DELEGATED.index(rest[0]), rest[1], self.kind)
            case "guard":
                self.emit(name, site, optional(rest[0]))
                self.block(rest[1])
                self.emit("end_guard", site)
            case "try":
                self.try_(site, rest[0])
            case "loop":
                begin = self.emit(name, site, rest[0])
                self.block(rest[1])
                self.emit("end_loop", site)
                self.code[begin][3] = len(self.code)
            case "raise":
                self.emit(name, site, RAISED.index(rest[0][0]), rest[0][1])
            case "reraise":
                self.emit(name, site, self.number_of_try[rest[0]])
            case "make":
                self.emit(name, site, *rest)
            case "state":
                self.emit(name, site, rest[0])
            case _:
                self.emit("verb", site, VERBS.index(name), rest[0], *argument(name, rest[1]))

    def try_(self, site, blocks):
        number = self.number_of_try[site] = len(self.handlers)
        self.handlers.append([])
        self.emit("try", site, number)
        self.block(blocks[0][1])
        jumps = [self.emit("end_try", site)]
        for caught, block in blocks[1:]:
            self.handlers[number].append((CAUGHT.index(caught), len(self.code)))
            self.block(block)
            jumps.append(self.emit("jump", site))
        for jump in jumps:
            self.code[jump][2] = len(self.code)


def encode(seed, program):
    numbers = [seed, len(program.functions)]
    for kind, block in program.functions:
        function = FunctionEncoder(kind, block)
        numbers += [kind, len(function.code)]
        for instruction in function.code:
            numbers += instruction
        numbers.append(len(function.handlers))
        for clauses in function.handlers:
            numbers.append(len(clauses))
            for clause in clauses:
                numbers += clause
    numbers.append(len(program.ranges))
    for elements, at, error, slot in program.ranges:
        kind, number = (RAISED.index(error[0]), error[1]) if error else (-1, 0)
        numbers += [len(elements), *elements, optional(at), kind, number, optional(slot)]
    numbers.append(len(program.script))
    for verb, slot, value, in_task in program.script:
        numbers += [SCRIPT_VERB[verb], slot, *argument(verb, value), int(in_task)]
    return " ".join(map(str, numbers))
