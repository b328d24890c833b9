# SPDX-License-Identifier: Apache-2.0
"""Sleeping and deadlines. A duration of NONE is no deadline."""
import asyncio

from tasks.program import NONE
from tasks.world import action, statement, without_message


def deadline(duration):
    return None if duration == NONE else duration


@statement
async def sleep(body, s):
    await asyncio.sleep(s.numbers[0])
    body.log(s.site, "slept")


@statement
async def timeout(body, s):
    """The number by which others reschedule it, and the duration."""
    return await within(body, s, asyncio.timeout(deadline(s.numbers[1])))


@statement
async def timeout_at(body, s):
    return await within(body, s, asyncio.timeout_at(deadline(s.numbers[1])))


async def within(body, s, limit):
    timeouts = body.world.timeouts
    try:
        async with limit:
            timeouts[s.numbers[0]] = limit
            returned = await body.block(s.blocks[0])
    finally:
        timeouts.pop(s.numbers[0], None)
        body.log(s.site, f"expired {int(limit.expired())} {asyncio.current_task().cancelling()}")
    return returned


@action
def reschedule(world, who, s):
    number, duration = s.numbers
    limit = world.timeouts.get(number)
    if limit and not limit.expired():
        limit.reschedule(None if duration == NONE else world.loop.now + duration)
        world.log(who, s.site, f"reschedules {number}")


@statement
async def wait_for(body, s):
    """What, and for how long."""
    thing = body.world.thing(s.numbers[0])
    if thing:
        body.log(s.site, f"gets {await without_message(asyncio.wait_for(thing, deadline(s.numbers[1])))}")


@statement
async def wait_for_block(body, s):
    returned = await asyncio.wait_for(body.block(s.blocks[0]), deadline(s.numbers[0]))
    body.log(s.site, "in time")
    return returned
