#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rows of bench/task_bench.cpp in asyncio: prints nanoseconds per element, as JSON; with --memory, the resident bytes
of a sleeping task. Called by run_tasks.py."""

import asyncio
import json
import os
import resource
import sys
import time

MANY = 1_000_000


def per(start, elements):
    return (time.process_time() - start) * 1e9 / elements


async def one():
    return 1


async def await_trivial_tasks(n):
    start = time.process_time()
    for _ in range(n):
        await one()
    return per(start, n)


async def numbers():
    i = 0
    while True:
        yield i
        i += 1


async def generate(n):
    generator = numbers()
    start = time.process_time()
    for _ in range(n):
        await generator.__anext__()
    result = per(start, n)
    await generator.aclose()
    return result


async def yield_among(tasks, n):
    turns = n // tasks

    async def yielding():
        for _ in range(turns):
            await asyncio.sleep(0)

    others = [asyncio.create_task(yielding()) for _ in range(tasks - 1)]
    start = time.process_time()
    for _ in range(turns):
        await asyncio.sleep(0)
    result = per(start, turns * tasks)
    for other in others:
        await other
    return result


async def spawn_and_await(n):
    start = time.process_time()
    for _ in range(n):
        await asyncio.create_task(one())
    return per(start, n)


async def spawn_and_join(n):
    async def nothing():
        pass

    start = time.process_time()
    tasks = [asyncio.create_task(nothing()) for _ in range(n)]
    for task in tasks:
        await task
    return per(start, n)


async def hand_over(n):
    """A round trip is two ways."""
    there, back = asyncio.Queue(1), asyncio.Queue(1)

    async def echo():
        for _ in range(n):
            await back.put(await there.get())

    other = asyncio.create_task(echo())
    start = time.process_time()
    for i in range(n):
        await there.put(i)
        await back.get()
    result = per(start, 2 * n)
    await other
    return result


class Random:
    """The generator of bench/task_bench.cpp: the same deadlines for everyone."""

    def __init__(self):
        self.state = 1

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (self.state >> 33) % limit


async def timers():
    """Deadlines are drawn beforehand: in Python that would be most of the time."""
    loop = asyncio.get_running_loop()
    random = Random()
    rows = {}
    fired = 0

    def call():
        nonlocal fired
        fired += 1

    far = loop.time() + 10
    deadlines = [far + random.below(60_000_000_000) / 1e9 for _ in range(MANY)]
    start = time.process_time()
    live = [loop.call_at(deadline, call) for deadline in deadlines]
    rows["schedule"] = per(start, MANY)
    start = time.process_time()
    for timer in live:
        timer.cancel()
    rows["cancel"] = per(start, MANY)
    await asyncio.sleep(0)  # the loop sweeps out what was cancelled

    soon = loop.time() + 5
    live = [loop.call_at(soon + random.below(1_000_000_000) / 1e9, call) for _ in range(MANY)]
    time.sleep(max(0, soon + 1.01 - loop.time()))
    start = time.process_time()
    while fired < MANY:
        await asyncio.sleep(0)
    rows["fire"] = per(start, MANY)

    kept = MANY // 10
    far = loop.time() + 10
    deadlines = [far + random.below(60_000_000_000) / 1e9 for _ in range(3 * kept)]
    live = [loop.call_at(deadline, call) for deadline in deadlines[:kept]]
    start = time.process_time()
    for i in range(2 * kept):
        live[i % kept].cancel()
        live[i % kept] = loop.call_at(deadlines[kept + i], call)
        if i % 1000 == 0:
            await asyncio.sleep(0)  # where the loop sweeps
    rows["re-arm"] = per(start, 2 * kept)
    for timer in live:
        timer.cancel()
    return {f"{what}, {act}": ns for act, ns in rows.items() for what in ("timer", "callback")}


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


async def memory():
    tasks = [None] * MANY
    before = resident()
    for i in range(MANY):
        tasks[i] = asyncio.create_task(asyncio.sleep(3600))
    await asyncio.sleep(0.01)
    return (resident() - before) / MANY


async def main():
    # First, while the process has no memory to use again.
    rows = {"spawn 1 000 000 then join": await spawn_and_join(MANY)}
    rows["spawn 1 000 000 then join, again"] = await spawn_and_join(MANY)
    rows["await a trivial task"] = rows["await a trivial task, noinline"] = await await_trivial_tasks(1_000_000)
    rows["async generator, an element"] = await generate(1_000_000)
    rows["yield, 1 000 tasks"] = await yield_among(1000, 500_000)
    rows["spawn and await"] = await spawn_and_await(100_000)
    rows["queue, one way"] = await hand_over(100_000)
    return rows | await timers()


if __name__ == "__main__":
    loop = asyncio.new_event_loop()
    if "--memory" in sys.argv:
        print(loop.run_until_complete(memory()), flush=True)
        os._exit(0)  # not waiting until a million tasks are destroyed
    json.dump(loop.run_until_complete(main()), sys.stdout)
