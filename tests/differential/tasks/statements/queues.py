# SPDX-License-Identifier: Apache-2.0
"""Queues. The first number says which."""
from tasks.world import action, statement


@statement
async def put(body, s):
    await body.world.queues[s.numbers[0]].put(s.site)
    body.log(s.site, "put")


@statement
async def get(body, s):
    body.log(s.site, f"gets {await body.world.queues[s.numbers[0]].get()}")


@action
def try_put(world, who, s):
    world.queues[s.numbers[0]].put_nowait(s.site)
    world.log(who, s.site, "put")


@action
def try_get(world, who, s):
    world.log(who, s.site, f"gets {world.queues[s.numbers[0]].get_nowait()}")


@statement
async def join(body, s):
    await body.world.queues[s.numbers[0]].join()
    body.log(s.site, "joined")


@action
def task_done(world, who, s):
    world.queues[s.numbers[0]].task_done()
    world.log(who, s.site, "task done")


@action
def shutdown(world, who, s):
    """Whether at once."""
    world.queues[s.numbers[0]].shutdown(bool(s.numbers[1]))
    world.log(who, s.site, "shuts down")


@action
def look_at_queue(world, who, s):
    queue = world.queues[s.numbers[0]]
    world.log(who, s.site, f"sees {queue.qsize()} {int(queue.empty())} {int(queue.full())}")
