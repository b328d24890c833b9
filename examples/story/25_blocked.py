# SPDX-License-Identifier: Apache-2.0
# What one must not do. A wait that the loop does not know of, here a thread's sleep, stops the thread, and so everybody: the
# second starts when the first has slept. Debug mode says on stderr who held the loop up, where, and how long.
import asyncio
import time

nap = 0.12


async def blocks(name):
    started = time.monotonic()
    print(f"{name} starts")
    time.sleep(nap)
    print(f"{name} ends")
    return started


async def waits(name):
    print(f"{name} starts")
    await asyncio.sleep(nap)
    print(f"{name} ends")


async def main():
    first, second = await asyncio.gather(blocks("first"), blocks("second"))
    if second - first >= nap:
        print("the second was late by the first one's nap")

    await asyncio.gather(waits("first"), waits("second"))


asyncio.run(main(), debug=True)
