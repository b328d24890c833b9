# SPDX-License-Identifier: Apache-2.0
"""Several at once: gather, wait, as_completed; and shield."""
import asyncio

from tasks.program import NONE
from tasks.world import describe, statement, without_message

RETURN_WHEN = (asyncio.ALL_COMPLETED, asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION)


@statement
async def shield(body, s):
    thing = body.world.thing(s.numbers[0])
    body.log(s.site, f"gets {await without_message(asyncio.shield(thing))}" if thing else "nobody")


@statement
async def gather(body, s):
    results = await without_message(asyncio.gather(*body.world.existing(s.numbers)))
    body.log(s.site, " ".join(["gets", *map(str, results)]))


def settled(result):
    if isinstance(result, asyncio.CancelledError):
        return "cancelled"
    return describe(result) if isinstance(result, BaseException) else str(result)


@statement
async def gather_settled(body, s):
    results = await without_message(asyncio.gather(*body.world.existing(s.numbers), return_exceptions=True))
    body.log(s.site, " ".join(["gets", *map(settled, results)]))


@statement
async def wait(body, s):
    """When it returns (in RETURN_WHEN), the time-out, and for what."""
    things = body.world.existing(s.numbers[2:])
    if not things:
        body.log(s.site, "nobody")
        return
    timeout = None if s.numbers[1] == NONE else s.numbers[1]
    done, pending = await asyncio.wait(things, timeout=timeout, return_when=RETURN_WHEN[s.numbers[0]])
    done, pending = (sorted(things[one] for one in some) for some in (done, pending))
    body.log(s.site, " ".join(map(str, ["done", *done, "pending", *pending])))


@statement
async def as_completed(body, s):
    """The time-out, a pause after each, and what is awaited."""
    things = body.world.existing(s.numbers[2:])
    timeout, pause = (None if number == NONE else number for number in s.numbers[:2])
    for one in asyncio.as_completed(things, timeout=timeout):
        body.log(s.site, f"gets {await without_message(one)}")
        if pause is not None:
            await asyncio.sleep(pause)
    body.log(s.site, "has all")
