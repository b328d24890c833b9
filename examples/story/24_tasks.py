# SPDX-License-Identifier: Apache-2.0
# New: all of it at once. print_sum awaits compute, compute awaits a second (a short one, here), and the loop, which run()
# makes, resumes compute when that is over. Nothing of 19 to 21 is to be seen, and all of it is there.
import asyncio

second = 0.02


async def compute(x, y):
    print(f"Compute {x} + {y} ...")
    await asyncio.sleep(second)
    return x + y


async def print_sum(x, y):
    result = await compute(x, y)
    print(f"{x} + {y} = {result}")


asyncio.run(print_sum(1, 2))
