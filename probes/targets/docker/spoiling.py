"""An HTTP proxy that spoils answers: late, with another status, or with a reset instead of one.

`python3 -c SOURCE LISTEN_PORT SERVICE_PORT DELAY_MS STATUS RESETS PERCENT SECONDS`, in a helper container in the
service's network, where connections of its callers are redirected to LISTEN_PORT. Runs in the stack's image, with the
aiohttp that its services use. How many requests it had, and how many it spoiled, stands in /tmp/spoiled.
"""

import asyncio
import random
import sys
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, web

COUNTED = Path("/tmp/spoiled")  # noqa: S108 - in a container of its own
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "te", "upgrade"}


class Proxy:
    """Passes requests on to the service, and spoils a share of the answers."""

    def __init__(self, port: int, delay_s: float, status: int, resets: bool, percent: float) -> None:
        self.port, self.delay_s, self.status, self.resets, self.percent = port, delay_s, status, resets, percent
        self.requests = self.spoiled = 0
        self.client: ClientSession | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self.requests += 1
        if random.uniform(0, 100) < self.percent:  # noqa: S311 - a share, no secret
            self.spoiled += 1
            self.tell()
            await asyncio.sleep(self.delay_s)
            if self.resets and request.transport is not None:
                request.transport.abort()
                return web.Response(status=500)
            if self.status:
                return web.Response(status=self.status, text="spoiled by a fault\n")
        return await self.passed_on(request)

    async def passed_on(self, request: web.Request) -> web.StreamResponse:
        """What the service itself answers; 502 where it does not."""
        assert self.client  # noqa: S101 - set before the first request
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        url = f"http://127.0.0.1:{self.port}{request.raw_path}"
        body = await request.read()
        try:
            asked = self.client.request(request.method, url, headers=headers, data=body, allow_redirects=False)
            async with asked as found:
                kept = {name: value for name, value in found.headers.items() if name.lower() not in HOP_BY_HOP}
                return web.Response(status=found.status, headers=kept, body=await found.read())
        except ClientError as error:
            return web.Response(status=502, text=f"{error}\n")

    def tell(self) -> None:
        """Let the counts be read."""
        COUNTED.write_text(f"{self.requests} {self.spoiled}\n", encoding="ascii")


async def main(listen: int, proxy: Proxy, seconds: float) -> None:
    """Serve until the time is over."""
    proxy.tell()
    async with ClientSession(auto_decompress=False, timeout=ClientTimeout(total=60)) as proxy.client:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", proxy.answer)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", listen).start()  # noqa: S104 - in the service's own network
        print("listening", flush=True)
        await asyncio.sleep(seconds)
        await runner.cleanup()


if __name__ == "__main__":
    given = sys.argv[1:]
    spoiler = Proxy(int(given[1]), float(given[2]) / 1e3, int(given[3]), given[4] == "True", float(given[5]))
    asyncio.run(main(int(given[0]), spoiler, float(given[6])))
