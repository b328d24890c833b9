# SPDX-License-Identifier: Apache-2.0
"""CPython's word on a program: runs it with real generators and gives the log of its events.

Three things are arranged so that they can be compared at all; README.md says why.
- Nothing is ever left to the collector. What weft destroys, this throws `Destroyed` into: it passes all `except` clauses
  of a program and runs its `finally` clauses innermost first, as destructors do.
- What takes no values is wrapped in `Silent`, which has no send(): CPython then raises AttributeError where weft does.
- The result of a generator that had finished before it was delegated to is not compared: CPython has forgotten it.
"""
import sys

from program import FULL, MOST_LINES, SLOTS, VERBS
from python_source import source

# close() gives what the body returned from 3.13 on; before, Runtime.closed_with() looks it up.
CLOSE_RETURNS_VALUES = sys.version_info >= (3, 13)
# CPython 3.11 passes throw() on to what a running generator delegates to, in place of refusing it: the one that runs then
# goes on as if that had finished. Right from 3.12 on; this may go when nobody tests with 3.11.
THROW_REFUSES_RUNNING = sys.version_info >= (3, 12)


class A(Exception):
    pass


class B(A):
    pass


class C(Exception):
    pass


class GX(GeneratorExit):
    pass


class Destroyed(BaseException):
    pass


class Mistake(BaseException):
    """In the reference itself: no program may swallow it."""


USER_ERRORS = {"A": A, "B": B, "C": C, "GX": GX}
LIBRARY_ERRORS = [
    (ValueError, "running", "generator already executing"),
    (RuntimeError, "ignored", "generator ignored GeneratorExit"),
    (TypeError, "not_started", "can't send non-None value to a just-started generator"),
    (AttributeError, "cannot_send", "object has no attribute 'send'"),
]


def describe_by(library_errors, error):
    kind = type(error)
    if kind.__name__ in USER_ERRORS:
        return f"{kind.__name__}{error.args[0]}"
    if kind is GeneratorExit:
        return "exit"
    for library_kind, name, text in library_errors:
        if kind is library_kind and text in str(error):
            return name
    raise Mistake(f"unexpected {error!r}") from error


def describe(error):
    return describe_by(LIBRARY_ERRORS, error)


def made(error):
    name, number = error
    return GeneratorExit() if name == "exit" else USER_ERRORS[name](number)


class Silent:
    """A generator that takes no values."""

    def __init__(self, generator):
        self.generator = generator
        self.__next__ = generator.__next__
        self.throw = generator.throw
        self.close = generator.close

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.generator)


class Acting:
    """An iterator that raises, or resumes what is in a slot, when it is asked for its element number `at`."""

    def __init__(self, elements, at, act):
        self.elements, self.at, self.act = elements, at, act
        self.index = 0

    def __iter__(self):
        return self

    def __next__(self):
        index = self.index
        self.index += 1
        if index == self.at:
            self.act()
        if index >= len(self.elements):
            raise StopIteration
        return self.elements[index]


def core(generator):
    return generator.generator if type(generator) is Silent else generator


def state(generator):
    """C created, R running, X closed, else S or, while it delegates, D with the length of the chain."""
    g = core(generator)
    if g.gi_running:
        return "R"
    if g.gi_frame is None:
        return "X"
    if not g.gi_suspended:
        return "C"
    letter, depth = "S" if g.gi_yieldfrom is None else "D", 0
    while hasattr(g, "gi_yieldfrom"):
        depth += 1
        g = core(g.gi_yieldfrom)
    return f"{letter}{depth}"


def has_finished(generator):
    return state(generator) == "X"


CALLED = ("enter", "is_full", "got", "resumed", "returns", "caught", "skips", "delegated", "look", "guard", "call", "take",
          "list", "shared_list", "acting", "abandon", "make", *VERBS)


class Runtime:
    """What the functions of a program call, by these names."""
    describe = staticmethod(describe)
    state = staticmethod(state)
    source = staticmethod(source)

    def __init__(self, program):
        self.program = program
        self.lines = []
        self.log = self.lines.append
        self.slots = [None] * SLOTS
        self.frames = 0
        self.returned = {}  # by frame
        self.dropping = False
        self.functions = {name: getattr(self, name) for name in CALLED}
        self.functions.update(USER_ERRORS, has_finished=has_finished)
        exec(self.source(program), self.functions)

    # What is logged, and nothing more

    def enter(self):
        self.frames += 1
        return self.frames

    def is_full(self):
        return len(self.lines) > MOST_LINES

    def got(self, frame, site, value):
        self.log(f"{frame}.{site} got {'-' if value is None else value}")

    def resumed(self, frame, site, _):
        self.log(f"{frame}.{site} resumed")

    def returns(self, frame, site, value):
        self.log(f"{frame}.{site} returns")
        self.returned[frame] = value
        return value

    def caught(self, frame, site, error):
        self.log(f"{frame}.{site} caught {self.describe(error)}")

    def skips(self, frame, site):
        self.log(f"{frame}.{site} skipped")

    def delegated(self, frame, site, had_finished, result):
        result = "finished" if had_finished else "-" if result is None else result
        self.log(f"{frame}.{site} = {result}")

    def look(self, frame, site, slot):
        generator = self.slots[slot]
        self.log(f"{frame}.{site} sees {'empty' if generator is None else self.state(generator)}")

    def guard(self, frame, site, slot):
        self.log(f"{frame}.{site} leaves")
        # A generator that is being destroyed cannot be asked in C++; here it would say that it runs.
        if slot is not None and not self.dropping:
            try:
                self.next(slot, None)
            except (Exception, GeneratorExit):
                pass

    # What can be delegated to

    def call(self, number):
        generator = self.functions[f"f{number}"]()
        return generator if self.program.functions[number][0] == FULL else Silent(generator)

    def take(self, slot, kind):
        generator = self.slots[slot]
        if generator is None or (kind != FULL and type(generator) is not Silent):
            return None
        if not core(generator).gi_running:  # which would be refused, and stay where it is
            self.slots[slot] = None
        return generator

    def list(self, number):
        return list(self.program.ranges[number][0])

    shared_list = list

    def acting(self, number):
        elements, at, error, slot = self.program.ranges[number]

        def act():
            if error:
                raise made(error)
            self.next(slot, None)

        return Acting(elements, at, act)

    def abandon(self, generator):
        """The delegation is over: weft destroys what it delegated to, which may still be suspended."""
        if core(generator).gi_suspended:
            self.destroy(generator)

    def destroy(self, generator):
        try:
            core(generator).throw(Destroyed())
        except Destroyed:
            return
        raise Mistake("a generator survived its destruction")

    # What can be done to a slot

    def make(self, slot, number):
        if self.slots[slot] is None:
            self.slots[slot] = self.call(number)
            self.log(f"{slot} made f{number}")

    def next(self, slot, _):
        self.attempt("next", slot, lambda g: g.__next__())

    def renew(self, slot, number):
        """Makes a generator unless one is there that can go on."""
        if self.slots[slot] is not None and has_finished(self.slots[slot]):
            self.slots[slot] = None
        self.make(slot, number)

    def iterate(self, slot, count):
        def some(generator):
            left = count
            for value in generator:
                self.log(f"{slot} gives {value}")
                left -= 1
                if left == 0:
                    return "enough"
            return "no more"

        self.attempt("iterate", slot, some)

    def send(self, slot, value):
        if type(self.slots[slot]) is Silent:
            self.log(f"{slot} takes nothing")
        else:
            self.attempt("send", slot, lambda g: g.send(value))

    def throw(self, slot, error):
        def thrown(generator):
            if not THROW_REFUSES_RUNNING and core(generator).gi_running:
                raise ValueError("generator already executing")
            return generator.throw(error)

        self.attempt("throw", slot, thrown)

    def close(self, slot, _):
        def closed(generator):
            result = generator.close() if CLOSE_RETURNS_VALUES else self.closed_with(core(generator))
            return "closed" if result is None else f"closed {result}"

        self.attempt("close", slot, closed)

    def closed_with(self, generator):
        frame = generator.gi_frame.f_locals.get("F") if generator.gi_suspended else None
        generator.close()
        return self.returned.get(frame)

    def drop(self, slot, _):
        generator = self.slots[slot]
        if generator is None or core(generator).gi_running:
            self.log(f"{slot} cannot be dropped")
            return
        self.log(f"{slot} drop")
        self.slots[slot] = None
        self.dropping = True
        self.destroy(generator)
        self.dropping = False

    def attempt(self, verb, slot, action):
        """Logs what comes of it. What it raises is raised."""
        generator = self.slots[slot]
        if generator is None:
            self.log(f"{slot} {verb}: empty")
            return
        try:
            outcome = action(generator)
        except StopIteration as stop:
            outcome = "end -" if stop.value is None else f"end {stop.value}"
        except (Exception, GeneratorExit) as error:
            self.log(f"{slot} {verb}: raises {describe(error)} {state(generator)}")
            raise
        self.log(f"{slot} {verb}: {outcome} {state(generator)}")

    def run(self):
        for verb, slot, value, _ in self.program.script:
            if self.is_full():
                break
            try:
                getattr(self, verb)(slot, made(value) if verb == "throw" else value)
            except (Exception, GeneratorExit):
                pass  # attempt() has logged it
        for slot in range(SLOTS):
            self.drop(slot, None)
        return self.lines


def run(program):
    return Runtime(program).run()
