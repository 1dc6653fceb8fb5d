#!/usr/bin/python3
"""HTTP proxies which know CONNECT only. Each leads the names of its own routes, port 443, to loopback ports, and refuses all
others. The log has a JSON line for each that was asked for.

usage: connect.py FILE (written by `up`)
"""
import asyncio
import json
import sys
import time

LIMIT = 10  # seconds for the head of a request


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (OSError, RuntimeError):
        writer.close()


def answer(writer, status):
    writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())


async def serve(name, routes, log, reader, writer):
    def note(target, result):
        print(json.dumps({"time": time.time(), "proxy": name, "target": target, "result": result}), file=log, flush=True)

    try:
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LIMIT)).decode("latin-1")
        method, target = (head.split(" ", 2) + [""])[:2]
        host, _, port = target.rpartition(":")
        if method != "CONNECT" or port != "443" or host not in routes:
            note(f"{method} {target}", "refused")
            answer(writer, "403 Forbidden\r\nContent-Length: 0")
            return
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", routes[host])
        except OSError:
            note(target, "dead")
            answer(writer, "502 Bad Gateway\r\nContent-Length: 0")
            return
        note(target, "connected")
        answer(writer, "200 Connection established")
        await asyncio.gather(pump(reader, upstream_writer), pump(upstream_reader, writer))
        upstream_writer.close()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError):
        pass
    finally:
        writer.close()


async def main():
    with open(sys.argv[1]) as f:
        config = json.load(f)
    log = open(config["log"], "a")
    for name, proxy in config["proxies"].items():
        def handler(reader, writer, name=name, routes=proxy["routes"]):
            return serve(name, routes, log, reader, writer)
        await asyncio.start_server(handler, "127.0.0.1", proxy["port"])
    await asyncio.Event().wait()


asyncio.run(main())
