"""Name look-ups must not stand in the way of recovery."""

import asyncio
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from services.common import resolver as module
from services.common.resolver import LastKnownResolver


class Names(AbstractResolver):
    """A name server that can hang, as one does for a container that is away."""

    def __init__(self) -> None:
        self.address = "10.0.0.1"
        self.hang = asyncio.Event()
        self.hang.set()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        await self.hang.wait()
        return [ResolveResult(hostname=host, host=self.address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


def test_a_known_address_is_given_at_once_while_the_look_up_hangs_and_a_new_one_is_learnt(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(module, "_FRESH_S", 0.0)

    async def run() -> None:
        names = Names()
        resolver = LastKnownResolver(names)
        assert await address(resolver) == "10.0.0.1"
        names.hang.clear()
        names.address = "10.0.0.2"
        assert await asyncio.wait_for(address(resolver), 30) == "10.0.0.1"
        names.hang.set()
        async with asyncio.timeout(30):
            while True:
                if await address(resolver) == "10.0.0.2":
                    break
                await asyncio.sleep(0)
        await resolver.close()

    asyncio.run(run())


async def address(resolver: LastKnownResolver) -> str:
    return (await resolver.resolve("product", 8081))[0]["host"]
