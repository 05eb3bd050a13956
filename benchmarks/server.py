"""A server that costs next to nothing: what a load generator can do shows only where the server is not the limit.

    python benchmarks/server.py PORT

Answers every request the same, and `GET /count` with how many it has answered so far.
"""

import asyncio
import sys

BODY = b'{"products": [{"id": "p1"}]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Degraded: false\r\nContent-Length: %d\r\n\r\n"
ANSWER = HEAD % len(BODY) + BODY
COUNT = b"GET /count "


class Server(asyncio.Protocol):
    """A connection; requests without a body only, each in one piece, as the generators under test send them."""

    answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is a TCP server
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer."""
        if data.startswith(COUNT):
            body = b"%d" % Server.answered
            self._transport.write(HEAD % len(body) + body)
            return
        requests = data.count(b"\r\n\r\n")
        Server.answered += requests
        self._transport.write(ANSWER * requests)


async def main(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
