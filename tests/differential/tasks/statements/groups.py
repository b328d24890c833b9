# SPDX-License-Identifier: Apache-2.0
"""Task groups."""
import asyncio

from tasks.world import action, body as run_body, statement


@statement
async def group(body, s):
    """The number by which tasks are made in it."""
    number, = s.numbers
    body.log(s.site, "opens")
    groups = body.world.groups
    try:
        async with asyncio.TaskGroup() as groups[number]:
            returned = await body.block(s.blocks[0])
            body.log(s.site, "closes")
    finally:
        groups.pop(number)
    body.log(s.site, f"closed {asyncio.current_task().cancelling()}")
    return returned


@action
def spawn_in(world, who, s):
    """A group, and the task's number."""
    group, number = s.numbers
    if group in world.groups:
        coroutine = run_body(world, number, s.blocks[0])
        try:
            world.tasks[number] = world.groups[group].create_task(coroutine)
        except RuntimeError:
            coroutine.close()
            world.log(who, s.site, f"{group} takes none")
        else:
            world.log(who, s.site, f"spawns {number} in {group}")
