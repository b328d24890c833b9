# SPDX-License-Identifier: Apache-2.0
"""An asyncio event loop on a virtual clock, in whole nanoseconds, whose ready queue is run in the order that a schedule
says."""
import asyncio
import heapq
import random
from asyncio import events


class InOrder:
    """First in, first out, in batches: asyncio's own order."""
    prompt_locks = False

    def batch(self, ready):
        return ready

    pick = None


class Shuffled:
    """A random order that a seed determines. Every second seed shuffles what is ready before it runs, the others take
    anything that is ready at any time, some preferring what became ready last, so that a chain of callbacks, which asyncio
    runs one turn each, may run through before or after anything else of that instant."""

    def __init__(self, seed):
        self.random = random.Random(seed).random
        self.shuffles = seed % 2 == 0
        self.newest_first = (0, 0.3, 0.6, 0.85)[seed // 2 % 4]
        self.prompt_locks = seed // 8 % 2 == 1

    def batch(self, ready):
        if not self.shuffles:
            return None
        for left in range(len(ready) - 1, 0, -1):
            other = int(self.random() * (left + 1))
            ready[left], ready[other] = ready[other], ready[left]
        return ready

    def pick(self, count):
        if self.newest_first and self.random() < self.newest_first:
            return count - 1
        return int(self.random() * count)


class VirtualLoop(asyncio.AbstractEventLoop):
    def __init__(self, schedule):
        self.schedule = schedule
        self.now = 0
        self.ready = []
        self.timers = []

    # what asyncio's objects ask of a loop

    def time(self):
        return self.now

    def call_soon(self, callback, *args, context=None):
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append(handle)
        return handle

    def call_later(self, delay, callback, *args, context=None):
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(self, when, callback, *args, context=None):
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self.timers, handle)
        return handle

    def _timer_handle_cancelled(self, handle):
        pass

    def create_future(self):
        return asyncio.Future(loop=self)

    def create_task(self, coro, **options):
        return asyncio.Task(coro, loop=self, **options)

    def get_debug(self):
        return False

    def is_running(self):
        return True

    def is_closed(self):
        return False

    def call_exception_handler(self, context):
        """Errors that nobody retrieves: programs leave them on purpose."""

    # running

    def run(self, coroutine):
        """To its end, which must not depend on anything outside."""
        events._set_running_loop(self)
        try:
            main = self.create_task(coroutine)
            while not main.done():
                self.turn()
            return main.result()
        finally:
            events._set_running_loop(None)

    def turn(self):
        if not self.ready:
            self.advance()
        batch = self.schedule.batch(self.ready)
        if batch is None:
            run(self.ready.pop(self.schedule.pick(len(self.ready))))
            return
        self.ready = []
        for handle in batch:
            run(handle)

    def advance(self):
        while self.timers[0].cancelled():
            heapq.heappop(self.timers)
        self.now = max(self.now, self.timers[0].when())
        while self.timers and self.timers[0].when() <= self.now:
            self.ready.append(heapq.heappop(self.timers))


def run(handle):
    if not handle.cancelled():
        handle._run()
