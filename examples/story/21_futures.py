# SPDX-License-Identifier: Apache-2.0
# New: what is yielded is a future, which will have a result and then calls back. The loop no longer knows what anybody waits
# for, or how long; whoever makes the future does. And the stack of 19 and 20 has become part of the language: `yield from`.
import collections
import functools


class Future:
    """Something that is still to come, and what to do then."""

    def add_done_callback(self, callback):
        self.then = callback

    def set_result(self, result):
        self.then(result)


class Loop:
    def __init__(self):
        self.ready = collections.deque()

    def start(self, job, reply=None):
        self.ready.append((job, reply))

    def run(self):
        while self.ready:
            job, reply = self.ready.popleft()
            try:
                pending = job.send(reply)
            except StopIteration:
                continue
            pending.add_done_callback(functools.partial(self.start, job))


now = 0
on_their_way = []  # by when they are here


def fetch(path, ms):
    future = Future()
    on_their_way.append((now + ms, future, path))
    return future


def page(name, ms):
    for part in ["/head", "/body"]:
        text = yield fetch(name + part, ms)
        print(f"{now} ms: {text} is there")
    return name


def visit(name, ms):
    seen = yield from page(name, ms)
    print(f"{now} ms: {seen} has been seen")


loop = Loop()
loop.start(visit("ann", 30))
loop.start(visit("ben", 20))
loop.run()
while on_their_way:
    on_their_way.sort(key=lambda each: each[0])
    now, future, text = on_their_way.pop(0)
    future.set_result(text)
    loop.run()
