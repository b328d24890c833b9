#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An echo server of asyncio's: echo_asyncio.py PORT [protocol|streams] [asyncio|uvloop]"""
import asyncio
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def echo(reader, writer):
    while data := await reader.read(16 * 1024):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main(port, kind):
    if kind == "streams":
        server = await asyncio.start_server(echo, "127.0.0.1", port)
    else:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


arguments = sys.argv[1:] + ["8888", "protocol", "asyncio"][len(sys.argv) - 1:]
run = asyncio.run
if arguments[2] == "uvloop":
    import uvloop
    run = uvloop.run
run(main(int(arguments[0]), arguments[1]))
