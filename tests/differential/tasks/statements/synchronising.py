# SPDX-License-Identifier: Apache-2.0
"""Locks, events, conditions, semaphores, barriers. The first number says which."""
from tasks.world import action, statement


@statement
async def lock(body, s):
    async with body.world.locks[s.numbers[0]]:
        body.log(s.site, "locked")
        return await body.block(s.blocks[0])


@statement
async def event_wait(body, s):
    await body.world.events[s.numbers[0]].wait()
    body.log(s.site, "event came")


@action
def event_set(world, who, s):
    world.events[s.numbers[0]].set()
    world.log(who, s.site, "sets event")


@action
def event_clear(world, who, s):
    world.events[s.numbers[0]].clear()
    world.log(who, s.site, "clears event")


@statement
async def semaphore(body, s):
    async with body.world.semaphores[s.numbers[0]]:
        body.log(s.site, "has permit")
        return await body.block(s.blocks[0])


@action
def semaphore_release(world, who, s):
    world.semaphores[s.numbers[0]].release()
    world.log(who, s.site, "releases")


@statement
async def bounded_semaphore(body, s):
    async with body.world.bounded_semaphores[s.numbers[0]]:
        body.log(s.site, "has permit")
        return await body.block(s.blocks[0])


@action
def look_at_locks(world, who, s):
    texts = [str(int(one.locked())) for one in (*world.locks, *world.semaphores, *world.bounded_semaphores)]
    texts += [str(int(one.is_set())) for one in world.events]
    world.log(who, s.site, f"sees {' '.join(texts)}")


@statement
async def condition(body, s):
    async with body.world.conditions[s.numbers[0]]:
        body.log(s.site, "locked")
        return await body.block(s.blocks[0])


@statement
async def condition_wait(body, s):
    """Within a condition statement of the same number, as the others."""
    await body.world.conditions[s.numbers[0]].wait()
    body.log(s.site, "notified")


@statement
async def condition_wait_for(body, s):
    """The count that is waited for."""
    which, count = s.numbers
    counters = body.world.counters
    await body.world.conditions[which].wait_for(lambda: counters[which] >= count)
    body.log(s.site, "has seen it")


@action
def condition_notify(world, who, s):
    """How many; 0 is all."""
    which, count = s.numbers
    world.counters[which] += 1
    if count:
        world.conditions[which].notify(count)
    else:
        world.conditions[which].notify_all()
    world.log(who, s.site, "notifies")


@statement
async def barrier_wait(body, s):
    place = await body.world.barriers[s.numbers[0]].wait()
    body.log(s.site, f"passes as {place}")


@statement
async def barrier_reset(body, s):
    await body.world.barriers[s.numbers[0]].reset()
    body.log(s.site, "resets")


@statement
async def barrier_abort(body, s):
    await body.world.barriers[s.numbers[0]].abort()
    body.log(s.site, "aborts")


@action
def look_at_barrier(world, who, s):
    barrier = world.barriers[s.numbers[0]]
    world.log(who, s.site, f"sees {barrier.n_waiting} broken {int(barrier.broken)}")
