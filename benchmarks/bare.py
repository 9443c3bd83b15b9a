"""A server that does nothing: `python bare.py SOCKET` answers every POST with an empty 201."""

import asyncio
import sys

from aiohttp import web


async def empty(_: web.Request) -> web.Response:
    return web.Response(status=201)


async def serve(path: str) -> None:
    """Answer on a Unix socket until the process is ended."""
    app = web.Application()
    app.router.add_post("/v1/intents", empty)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.UnixSite(runner, path).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
