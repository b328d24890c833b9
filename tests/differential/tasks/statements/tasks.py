# SPDX-License-Identifier: Apache-2.0
"""Tasks and futures: made, awaited, cancelled, completed."""
import asyncio

from tasks.world import Error, action, body as run_body, outcome, statement


@action
def spawn(world, who, s):
    number, = s.numbers
    world.log(who, s.site, f"spawns {number}")
    world.tasks[number] = asyncio.create_task(run_body(world, number, s.blocks[0]), name=f"t{number}")


@statement
async def spawn_eager(body, s):
    number, = s.numbers
    body.log(s.site, f"spawns {number}")
    made = asyncio.Task(run_body(body.world, number, s.blocks[0]), loop=body.world.loop, eager_start=True)
    body.world.tasks[number] = made
    body.log(s.site, f"spawned, {'done' if made.done() else 'pending'}")


@statement
async def await_(body, s):
    number, = s.numbers
    body.log(s.site, f"gets {await body.world.result(number)}" if body.world.thing(number) else "nobody")


@action
def cancel(world, who, s):
    """What, and the number of the message; 0 is none."""
    number, message = s.numbers
    thing = world.thing(number)
    if thing:
        taken = thing.cancel(f"m{message}") if message else thing.cancel()
        world.log(who, s.site, f"cancel {number}: {'taken' if taken else 'too late'}")


@action
def look(world, who, s):
    number, = s.numbers
    thing = world.thing(number)
    if not thing:
        world.log(who, s.site, "nobody")
    elif not thing.done():
        count = f" cancelling {thing.cancelling()}" if number in world.tasks else ""
        world.log(who, s.site, f"{number} pending{count}")
    else:
        world.log(who, s.site, f"{number} {outcome(thing)}")


@statement
async def uncancel(body, s):
    task = asyncio.current_task()
    body.log(s.site, f"uncancel {task.uncancel()}")


@action
def set_result(world, who, s):
    number, = s.numbers
    future = world.thing(number)
    if future.done():
        world.log(who, s.site, f"{number} is done")
    else:
        future.set_result(s.site)
        world.log(who, s.site, f"sets {number}")


@action
def set_exception(world, who, s):
    number, = s.numbers
    world.thing(number).set_exception(Error(s.site))
    world.log(who, s.site, f"fails {number}")
