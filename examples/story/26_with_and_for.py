# SPDX-License-Identifier: Apache-2.0
# New: `async with` and `async for`. Entering, leaving, and asking for the next one may all wait. What is entered is left
# whatever happens inside; its exit is told of an exception, and may swallow it.
import asyncio


class Shop:
    def __init__(self):
        self.loaves = 2

    async def __aenter__(self):
        await asyncio.sleep(0.001)
        print("the shop opens")
        return self

    async def __aexit__(self, kind, error, traceback):
        """Says whether the exception goes no further."""
        await asyncio.sleep(0.001)
        if error:
            print(f"{error}: ", end="")
        print("the shop closes")
        return error is not None

    def serve(self, name):
        if self.loaves == 0:
            raise RuntimeError(f"no bread for {name}")
        self.loaves -= 1
        print(f"bread for {name}")


async def customers():
    for name in ["ann", "ben", "cat"]:
        await asyncio.sleep(0.001)
        yield name


async def main():
    async with Shop() as shop:
        async for name in customers():
            shop.serve(name)
    print("nobody complains")


asyncio.run(main())
