# SPDX-License-Identifier: Apache-2.0
"""Within one task: raising, returning, try statements."""
import asyncio

from tasks.world import Error, ErrorB, describe, statement

CAUGHT = (asyncio.CancelledError, Exception, (asyncio.CancelledError, Exception), asyncio.TimeoutError)


@statement
async def raise_(_, s):
    raise (Error, ErrorB)[s.numbers[0]](s.site)


@statement
async def return_(body, s):
    body.value = s.site
    return True


@statement
async def try_(body, s):
    """What is caught (in CAUGHT), whether it is raised again in the end; the block and the handler."""
    caught, again = s.numbers
    try:
        return await body.block(s.blocks[0])
    except CAUGHT[caught] as error:
        body.log(s.site, f"catches {describe(error)} {asyncio.current_task().cancelling()}")
        if await body.block(s.blocks[1]):
            return True
        if again:
            raise
    return False


@statement
async def finally_(body, s):
    """The block and what cleans up after it, which does not return."""
    try:
        return await body.block(s.blocks[0])
    finally:
        body.log(s.site, f"cleans up {asyncio.current_task().cancelling()}")
        await body.block(s.blocks[1])
