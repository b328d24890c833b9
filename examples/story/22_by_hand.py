# SPDX-License-Identifier: Apache-2.0
# New: a coroutine is not a generator any more, it is awaited; but it is still run step by step, and no loop is needed for
# that. As long as nothing waits, one step is enough. A coroutine that has finished refuses to go on.


async def look_up(name):
    print(f"name {name}")
    return "foo"


async def ask():
    return await look_up("bar")


coroutine = ask()
try:
    coroutine.send(None)
except StopIteration as end:
    print(f"value {end.value}")
try:
    coroutine.send(None)
except RuntimeError as e:
    print(e)
