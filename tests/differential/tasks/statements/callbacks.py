# SPDX-License-Identifier: Apache-2.0
"""Callbacks: of futures, soon, later. What they do is a block of actions, and their log is their own."""
from tasks.world import action, actions, describe, outcome


def perform(world, s, block):
    who = f"c{s.site}"
    for one in block:
        try:
            actions[one.name](world, who, one)
        except Exception as error:
            world.log(who, one.site, f"{one.name} raises {describe(error)}")


@action
def call_soon(world, who, s):
    world.callbacks[s.site] = world.loop.call_soon(perform, world, s, s.blocks[0])
    world.log(who, s.site, "calls soon")


@action
def call_later(world, who, s):
    world.callbacks[s.site] = world.loop.call_later(s.numbers[0], perform, world, s, s.blocks[0])
    world.log(who, s.site, "calls later")


@action
def cancel_call(world, who, s):
    """The site of the call."""
    handle = world.callbacks.get(s.numbers[0])
    if handle:
        handle.cancel()
        world.log(who, s.site, "cancels the call")


@action
def done_callback(world, who, s):
    thing = world.thing(s.numbers[0])
    if thing:
        def told(future):
            world.log(f"c{s.site}", s.site, f"told {outcome(future)}")
            perform(world, s, s.blocks[0])

        world.callbacks[-s.site] = (thing, told)
        thing.add_done_callback(told)
        world.log(who, s.site, "listens")


@action
def remove_callback(world, who, s):
    """The site of the done_callback."""
    registered = world.callbacks.get(-s.numbers[0])
    if registered:
        world.log(who, s.site, f"removed {registered[0].remove_done_callback(registered[1])}")
