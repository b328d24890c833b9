# SPDX-License-Identifier: Apache-2.0
"""Programs as Python: what CPython is given to run, and what a person reads when something differs.

`except` clauses only note the exception, and their blocks follow the statement: C++ allows no co_yield in a handler. The
names that are called are methods of reference.Runtime.
"""
from program import FULL, PLAIN

CAUGHT_CLASSES = {
    "A": "A", "B": "B", "C": "C", "GX": "GX", "exit": "GeneratorExit", "running": "ValueError",
    "ignored": "RuntimeError", "not_started": "TypeError", "cannot_send": "AttributeError", "exception": "Exception",
    "any": "(Exception, GeneratorExit)",  # all that C++ can catch: Destroyed must pass
}


def error(name_and_number):
    name, number = name_and_number
    return "GeneratorExit()" if name == "exit" else f"{name}({number})"


class FunctionSource:
    definition = "def"
    caught_classes = CAUGHT_CLASSES

    def __init__(self, number, kind, block):
        self.kind = kind
        self.lines = [f"{self.definition} f{number}():", "    F = enter()", "    if False: yield  # whatever follows, a generator"]
        self.block(block, "    ")

    def add(self, indent, *lines):
        self.lines += [indent + line for line in lines]

    def block(self, block, indent):
        for statement in block:
            self.statement(indent, *statement)

    def statement(self, indent, name, site, *rest):
        match name:
            case "yield":
                self.add(indent, f"{'got' if self.kind == FULL else 'resumed'}(F, {site}, (yield F * 1000 + {site}))")
            case "return":
                self.add(indent, f"return returns(F, {site}, {None if self.kind == PLAIN else f'F * 1000 + {site}'})")
            case "from":
                self.delegation(indent, site, *rest)
            case "guard":
                self.add(indent, "try:")
                self.block(rest[1], indent + "    ")
                self.add(indent, "finally:", f"    guard(F, {site}, {rest[0]})")
            case "try":
                self.try_(indent, site, rest[0])
            case "loop":
                self.add(indent, f"for _ in range({rest[0]}):", "    if is_full(): break")
                self.block(rest[1], indent + "    ")
            case "raise":
                self.add(indent, f"raise {error(rest[0])}")
            case "reraise":
                self.add(indent, f"raise caught{rest[0]}")
            case "make":
                self.add(indent, f"make({rest[0]}, {rest[1]})")
            case "state":
                self.add(indent, f"look(F, {site}, {rest[0]})")
            case _:
                value = error(rest[1]) if name == "throw" else rest[1]
                self.add(indent, f"{name}({rest[0]}, {value})")

    def delegation(self, indent, site, kind, number):
        if kind not in ("call", "slot"):
            self.add(indent, f"delegated(F, {site}, False, (yield from {kind}({number})))")
            return
        target = f"call({number})" if kind == "call" else f"take({number}, {self.kind})"
        self.add(indent,
                 f"sub = {target}",
                 f"if sub is None: skips(F, {site})",
                 "else:",
                 "    had_finished = has_finished(sub)",
                 "    try: result = yield from sub",
                 "    finally: abandon(sub)",
                 f"    delegated(F, {site}, had_finished, result)")

    def try_(self, indent, site, blocks):
        self.add(indent, f"caught{site} = None", "try:")
        self.block(blocks[0][1], indent + "    ")
        for number, (caught, _) in enumerate(blocks[1:]):
            self.add(indent, f"except {self.caught_classes[caught]} as e: caught{site} = e; clause = {number}")
        self.add(indent, f"if caught{site} is not None:", f"    caught(F, {site}, caught{site})")
        if len(blocks) == 2:
            self.block(blocks[1][1], indent + "    ")
            return
        for number, (_, block) in enumerate(blocks[1:]):
            self.add(indent, f"    {'elif' if number else 'if'} clause == {number}:")
            self.block(block, indent + "        ")


def source(program, function_source=FunctionSource):
    lines = []
    for number, (kind, block) in enumerate(program.functions):
        lines += function_source(number, kind, block).lines
    return "\n".join(lines) + "\n"


def readable(program, source_of=source):
    """The whole program for a person."""
    heads = [f"# f{number}: {('full', 'silent', 'plain')[kind]}" for number, (kind, _) in enumerate(program.functions)]
    ranges = [f"# range {number}: {elements}" +
              ("" if at is None else f", at element {at}: " + (f"raise {error(fault)}" if fault else f"next({slot})"))
              for number, (elements, at, fault, slot) in enumerate(program.ranges)]
    script = [f"# {verb}({slot}, {error(value) if verb == 'throw' else value}){' in a task' if in_task else ''}"
              for verb, slot, value, in_task in program.script]
    return "\n".join([*heads, *ranges, source_of(program), "# the driver:", *script])
