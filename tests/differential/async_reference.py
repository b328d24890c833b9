# SPDX-License-Identifier: Apache-2.0
"""CPython's word on an async program: runs it with real async generators on asyncio and gives the log of its events.

As in reference.py, what weft destroys has `Destroyed` thrown into it. Two things more are arranged, see README.md:
- close() of a generator that runs is left out on both sides: weft cancels what it awaits, CPython refuses.
- Once a generator has ignored a close, CPython takes neither athrow() nor aclose() any more; weft does. Those are left out
  then, and so is the log of its destruction.
"""
import asyncio
import sys

from async_python_source import source
from program import FULL, SLOTS
from reference import USER_ERRORS, Destroyed, Mistake, Runtime as SyncRuntime, describe_by, made

LIBRARY_ERRORS = [
    (RuntimeError, "running", "asynchronous generator is already running"),
    (RuntimeError, "ignored", "async generator ignored GeneratorExit"),
    (TypeError, "not_started", "can't send non-None value to a just-started async generator"),
]


def describe(error):
    return describe_by(LIBRARY_ERRORS, error)


def only(name):
    """For an `except` clause: matches the error being handled if it is described so."""
    error = sys.exc_info()[1]
    return type(error) if type(error) is RuntimeError and describe(error) == name else ()


class Silent:
    def __init__(self, generator):
        self.generator = generator


def core(generator):
    return generator.generator if type(generator) is Silent else generator


def state(generator):
    g = core(generator)
    if g.ag_running:
        return "R"
    if g.ag_frame is None:
        return "X"
    return "S" if "F" in g.ag_frame.f_locals else "C"


class Runtime(SyncRuntime):
    describe = staticmethod(describe)
    state = staticmethod(state)
    source = staticmethod(source)

    def __init__(self, program):
        super().__init__(program)
        self.functions.update(sleep=asyncio.sleep, only=only)
        self.ignored_close = set()  # slots
        self.kept = []  # what cannot be destroyed, until the log has been taken

    def call(self, number):
        generator = self.functions[f"f{number}"]()
        return generator if self.program.functions[number][0] == FULL else Silent(generator)

    def make(self, slot, number):
        if self.slots[slot] is None:
            self.ignored_close.discard(slot)
        super().make(slot, number)

    async def renew(self, slot, number):
        generator = self.slots[slot]
        if generator is not None and state(generator) == "X":
            self.slots[slot] = None
        self.make(slot, number)

    async def pause(self, _, __):
        await asyncio.sleep(0)

    async def next(self, slot, _):
        await self.attempt("next", slot, lambda g: g.__anext__())

    async def iterate(self, slot, count):
        async def some(generator):
            left = count
            async for value in generator:
                self.log(f"{slot} gives {value}")
                left -= 1
                if left == 0:
                    return "enough"
            return "no more"

        await self.attempt("iterate", slot, some)

    async def send(self, slot, value):
        if type(self.slots[slot]) is Silent:
            self.log(f"{slot} takes nothing")
        else:
            await self.attempt("send", slot, lambda g: g.asend(value))

    async def throw(self, slot, error):
        if slot in self.ignored_close:
            self.log(f"{slot} has ignored a close")
        else:
            await self.attempt("throw", slot, lambda g: g.athrow(error))

    async def close(self, slot, _):
        async def closed(generator):
            try:
                await generator.aclose()
            except RuntimeError as error:
                if describe(error) == "ignored":
                    self.ignored_close.add(slot)
                raise
            return "closed"

        generator = self.slots[slot]
        if slot in self.ignored_close or generator is not None and state(generator) == "R":
            self.log(f"{slot} is not closed")
        else:
            await self.attempt("close", slot, closed)

    async def drop(self, slot, _):
        generator = self.slots[slot]
        if generator is None or state(generator) == "R":
            self.log(f"{slot} cannot be dropped")
            return
        self.log(f"{slot} drop")
        self.slots[slot] = None
        if slot in self.ignored_close:
            self.kept.append(generator)
        else:
            self.destroy(generator)

    def destroy(self, generator):
        try:
            core(generator).athrow(Destroyed()).send(None)
        except (Destroyed, StopIteration):
            return
        raise Mistake("a generator survived its destruction")

    async def attempt(self, verb, slot, action):
        generator = self.slots[slot]
        if generator is None:
            self.log(f"{slot} {verb}: empty")
            return
        try:
            outcome = await action(core(generator))
            if outcome is None:
                outcome = "end"  # athrow() into a finished generator
        except StopAsyncIteration:
            outcome = "end"
        except (Exception, GeneratorExit) as error:
            self.log(f"{slot} {verb}: raises {describe(error)} {state(generator)}")
            raise
        self.log(f"{slot} {verb}: {outcome} {state(generator)}")

    async def perform(self, verb, slot, value):
        try:
            await getattr(self, verb)(slot, made(value) if verb == "throw" else value)
        except (Exception, GeneratorExit):
            pass  # attempt() has logged it

    async def main(self):
        sys.set_asyncgen_hooks(None, None)  # the loop's would close what is kept
        tasks = []
        for verb, slot, value, in_task in self.program.script:
            if self.is_full():
                break
            if in_task:
                tasks.append(asyncio.create_task(self.perform(verb, slot, value)))
            else:
                await self.perform(verb, slot, value)
        for task in tasks:
            await task
        for slot in range(SLOTS):
            await self.drop(slot, None)


def unraisable(what):
    """Says nothing of what was kept, which the collector now closes in vain."""
    if not hasattr(what.object, "ag_frame"):
        sys.__unraisablehook__(what)


sys.unraisablehook = unraisable
loop = None


def run(program):
    global loop
    loop = loop or asyncio.new_event_loop()
    runtime = Runtime(program)
    loop.run_until_complete(runtime.main())
    lines, runtime.lines = runtime.lines, []
    return list(lines)
