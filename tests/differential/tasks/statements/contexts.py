# SPDX-License-Identifier: Apache-2.0
"""Context variables: three that all programs share, with 0 as the default."""
import contextvars

from tasks.world import action, statement

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
