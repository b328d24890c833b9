# SPDX-License-Identifier: Apache-2.0
"""Context variables: three that all programs share, with 0 as the default."""
import asyncio
import contextvars

from tasks.world import action, body as run_body, statement

VARS = [contextvars.ContextVar(f"v{number}", default=0) for number in range(3)]


@action
def var_get(world, who, s):
    world.log(who, s.site, f"sees {VARS[s.numbers[0]].get()}")


@statement
async def var_set(body, s):
    body.tokens.append((s.numbers[0], VARS[s.numbers[0]].set(s.site)))
    body.log(s.site, "sets")


@statement
async def var_reset(body, s):
    """By the last token of this task that is left."""
    if body.tokens:
        number, token = body.tokens.pop()
        VARS[number].reset(token)
        body.log(s.site, f"resets {number} to {VARS[number].get()}")


@statement
async def spawn_sharing(body, s):
    """A task that runs in this one's context, not in a copy."""
    number, = s.numbers
    body.log(s.site, f"spawns {number}")
    context = asyncio.current_task().get_context()
    body.world.tasks[number] = asyncio.create_task(run_body(body.world, number, s.blocks[0]), context=context)
