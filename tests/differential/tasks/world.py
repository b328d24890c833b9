# SPDX-License-Identifier: Apache-2.0
"""CPython's word on a program: runs it on asyncio and gives every task's log."""
import asyncio

from tasks.program import FUTURES, KINDS_OF_THINGS
from tasks.virtual_loop import VirtualLoop

ROUNDS = 60  # of cancellations at the end; a program that needs more is a mistake of the grammar


class Error(Exception):
    def __init__(self, number):
        super().__init__(number)
        self.number = number


class ErrorB(Error):
    pass


ERRORS = {Error: "A", ErrorB: "B"}
NAMES_OF_ERRORS = [
    (asyncio.TimeoutError, "timeout"), (asyncio.BrokenBarrierError, "broken"), (asyncio.QueueFull, "full"),
    (asyncio.QueueEmpty, "empty"), (getattr(asyncio, "QueueShutDown", ()), "shut down"),
    (asyncio.InvalidStateError, "misuse"), (RuntimeError, "misuse"), (ValueError, "misuse"), (LookupError, "misuse"),
]

statements = {}  # {name: async function of a body and a statement; true if the body returns}
actions = {}  # {name: function of the world, who acts, and a statement}: what a callback can do as well


def statement(f):
    statements[f.__name__.rstrip("_")] = f
    return f


def action(f):
    actions[f.__name__.rstrip("_")] = f
    return f


def describe(error):
    if isinstance(error, asyncio.CancelledError):
        return f"cancelled({error.args[0] if error.args and error.args[0] else ''})"
    if type(error) in ERRORS:
        return f"{ERRORS[type(error)]}{error.number}"
    if isinstance(error, BaseExceptionGroup):
        return f"group[{' '.join(sorted(map(describe, error.exceptions)))}]"
    for kind, name in NAMES_OF_ERRORS:
        if isinstance(error, kind):
            return name
    raise AssertionError("a mistake of the test") from error


async def without_message(awaitable):
    """A cancellation that comes by way of several futures: which message it has is an accident in CPython."""
    try:
        return await awaitable
    except asyncio.CancelledError:
        raise asyncio.CancelledError from None


def outcome(future):
    """Of one that is done."""
    if future.cancelled():
        return "cancelled"
    return describe(future.exception()) if future.exception() else str(future.result())


class World:
    """The things that the tasks of one program share, and the logs."""

    def __init__(self, program, loop, listener=None):
        self.program, self.loop, self.listener = program, loop, listener
        self.logs = {}
        self.started = set()  # numbers of tasks
        self.ended_by = {}  # {number of a task: the arguments of the cancellation that ended it}
        self.tasks, self.groups, self.timeouts, self.callbacks = {}, {}, {}, {}
        for kind in KINDS_OF_THINGS:
            setattr(self, kind + "s", [MAKERS[kind](self, number) for number in program.things[kind]])
        self.counters = [0] * len(self.conditions)  # what is waited for with them

    def log(self, who, site, text):
        line = f"{self.loop.now} {site} {text}"
        self.logs.setdefault(who, []).append(line)
        if self.listener:
            self.listener.heard(who, line)

    def thing(self, number):
        """What can be awaited by this number, or None."""
        return self.futures[number - FUTURES] if number >= FUTURES else self.tasks.get(number)

    async def result(self, number):
        """Of what has this number. CPython hands the message of a cancellation that ended a task to the first who asks, and
        none to the others; here all get it, unless the task had not started."""
        try:
            return await self.thing(number)
        except asyncio.CancelledError as error:
            if number not in self.tasks:
                raise
            known = error.args or self.ended_by.get(number, ()) if number in self.started else ()
            raise asyncio.CancelledError(*known) from None

    def existing(self, numbers):
        """{thing: number}, without what is not there (yet)."""
        found = {self.thing(number): number for number in numbers}
        found.pop(None, None)
        return found

    async def run(self):
        self.tasks[0] = asyncio.create_task(body(self, 0, self.program.body))
        await asyncio.sleep(self.program.horizon)
        for _ in range(ROUNDS):
            left = [task for _, task in sorted(self.tasks.items()) if not task.done()]
            if not left:
                break
            for task in left:
                task.cancel()
                await asyncio.sleep(self.program.pause)
        else:
            raise AssertionError("tasks that do not end")
        for number, task in sorted(self.tasks.items()):
            self.log("end", number, f"{outcome(task)} cancelling {task.cancelling()}")
        for number, future in enumerate(self.futures):
            self.log("end", FUTURES + number, outcome(future) if future.done() else "pending")


class PromptLock(asyncio.Lock):
    """One that passes over waiters that have been cancelled. CPython's waits until those have run, and the next one is only
    woken then: it cannot run before them, though all became ready at the same instant."""

    def _wake_up_first(self):
        for waiter in self._waiters or ():
            if not waiter.cancelled():
                if not waiter.done():
                    waiter.set_result(True)
                return


def make_lock(world, _=None):
    return PromptLock() if world.loop.schedule.prompt_locks else asyncio.Lock()


QUEUES = (asyncio.Queue, asyncio.LifoQueue, asyncio.PriorityQueue)

MAKERS = {
    "future": lambda world, _: world.loop.create_future(),
    "lock": make_lock,
    "event": lambda *_: asyncio.Event(),
    "condition": lambda world, _: asyncio.Condition(make_lock(world)),
    "semaphore": lambda _, number: asyncio.Semaphore(number),
    "bounded_semaphore": lambda _, number: asyncio.BoundedSemaphore(number),
    "barrier": lambda _, number: asyncio.Barrier(number),
    "queue": lambda _, number: QUEUES[number % 3](number // 3 % 3),
}


class Body:
    """What a coroutine of the program is doing."""

    def __init__(self, world, number):
        self.world, self.number, self.who = world, number, f"t{number}"
        self.value = number
        self.tokens = []

    def log(self, site, text):
        self.world.log(self.who, site, text)

    async def block(self, block):
        """True if it ends with a return."""
        for one in block:
            if await self.statement(one):
                return True
        return False

    async def statement(self, one):
        try:
            if one.name in actions:
                actions[one.name](self.world, self.who, one)
                return False
            return await statements[one.name](self, one)
        except BaseException as error:
            self.log(one.site, f"{one.name} raises {describe(error)} {asyncio.current_task().cancelling()}")
            raise


async def body(world, number, block):
    """One task, from its start to its end."""
    self = Body(world, number)
    world.started.add(number)
    self.log(0, "starts")
    try:
        await self.block(block)
    except asyncio.CancelledError as error:
        world.ended_by[number] = error.args
        raise
    self.log(0, f"returns {self.value}")
    return self.value


def run(program, schedule, listener=None):
    """{who: lines}"""
    loop = VirtualLoop(schedule)
    world = None

    async def main():
        nonlocal world
        world = World(program, loop, listener)
        if listener:
            listener.begins(world)
        await world.run()

    loop.run(main())
    return world.logs


def text(logs):
    """As weft's side prints it."""
    return "".join(f"{who}\n" + "".join(f" {line}\n" for line in logs[who]) for who in sorted(logs))
