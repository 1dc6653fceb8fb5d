"""`delay.py PORT MS...`: for each MS a port that forwards to PORT on this machine as over a network of that round trip
time. Prints the ports in one line and goes on until it is killed.

Every piece is half a round trip late in either direction. A connection to this machine is made at once, so the first
piece from the client waits a whole round trip more, which is what TCP's handshake takes.
"""

import asyncio
import sys


async def receive(reader, late, first, queue):
    loop = asyncio.get_running_loop()
    while True:
        try:
            data = await reader.read(65536)
        except ConnectionError:
            data = b""
        queue.put_nowait((loop.time() + late + first, data))
        first = 0
        if not data:
            return


async def send(queue, writer):
    loop = asyncio.get_running_loop()
    while True:
        due, data = await queue.get()
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
        if not data:
            writer.close()
            return
        try:
            writer.write(data)
            await writer.drain()
        except ConnectionError:
            return


async def serve(port, round_trip):
    async def client(reader, writer):
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
        there, back = asyncio.Queue(), asyncio.Queue()
        receiving = asyncio.create_task(receive(reader, round_trip / 2, round_trip, there))
        sending = asyncio.create_task(send(there, server_writer))
        await asyncio.gather(receive(server_reader, round_trip / 2, 0, back), send(back, writer))
        receiving.cancel()
        sending.cancel()
        server_writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1]


async def main():
    port, *delays = map(int, sys.argv[1:])
    print(*[await serve(port, delay / 1000) for delay in delays], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
