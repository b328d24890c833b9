# SPDX-License-Identifier: Apache-2.0
# New: plain functions that wait. A fiber has a stack of its own, which stays as it is while it waits: so nobody on it has to
# be a coroutine, nor the one that calls the one that waits. The lines are those of 07.
#
# Python's fibers are greenlets, a package; what runs them, gevent's part, is the class below. Without the package, 07 speaks.
import collections
import heapq
import pathlib
import runpy
import sys
import time

try:
    import greenlet
except ImportError:
    runpy.run_path(str(pathlib.Path(__file__).with_name("07_on_a_loop.py")))
    sys.exit()


class Loop(greenlet.greenlet):
    def __init__(self):
        super().__init__()
        self.ready = collections.deque()
        self.sleeping = []

    def run(self):
        while self.ready or self.sleeping:
            if self.ready:
                self.ready.popleft().switch()
            else:
                due, fiber = heapq.heappop(self.sleeping)
                time.sleep(max(0, due - time.monotonic()))
                fiber.switch()

    def create(self, function):
        self.ready.append(greenlet.greenlet(function, self))
        return self.ready[-1]

    def let_others_run(self):
        self.ready.append(greenlet.getcurrent())
        self.switch()

    def sleep(self, seconds):
        heapq.heappush(self.sleeping, (time.monotonic() + seconds, greenlet.getcurrent()))
        self.switch()


loop = Loop()


def query():
    print("query starts")
    loop.sleep(0.02)
    print("query ends")
    return 42


def rows_of_the_page():
    """Nothing here says that it waits."""
    answer = []
    asker = greenlet.getcurrent()
    loop.create(lambda: (answer.append(query()), loop.ready.append(asker)))
    loop.switch()
    return answer[0]


def page():
    print("page starts")
    print(f"page has {rows_of_the_page()} rows")
    print("page ends")


def ping():
    print("ping starts")
    loop.let_others_run()
    print("ping ends")


loop.create(page)
loop.create(ping)
loop.switch()
