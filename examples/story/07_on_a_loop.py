# SPDX-License-Identifier: Apache-2.0
# New: no threads, no wrapper. A loop does what 04 to 06 imitate: it keeps who waits, and resumes each when its answer is
# there. Whoever awaits says so by await, and the function is a coroutine. The same lines as before, on one thread.
import asyncio


async def query():
    print("query starts")
    await asyncio.sleep(0.02)
    print("query ends")
    return 42


async def page():
    print("page starts")
    rows = await asyncio.create_task(query())  # it takes its place in the loop's queue, behind ping
    print(f"page has {rows} rows")
    print("page ends")


async def ping():
    print("ping starts")
    await asyncio.sleep(0)  # lets the others have their turn
    print("ping ends")


async def serve():
    await asyncio.gather(page(), ping())


asyncio.run(serve())
