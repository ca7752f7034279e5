"""The start goes on whatever Redis does meanwhile."""

import asyncio

from tests.support.proxy import Proxy


class CutAtTheSecondInfo(Proxy):
    """A wire that breaks when the server is asked about itself for the second time."""

    asked = 0

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            self.asked += b"\r\nINFO\r\n" in data
            if self.asked == 2:
                self.asked += 1
                return
            writer.write(data)


async def test_a_store_that_goes_away_while_it_is_looked_over_does_not_stop_the_start(
    world, shared_redis
):
    async with CutAtTheSecondInfo(str(shared_redis.socket)) as wire:
        world.redis_url = wire.url
        async with world.running() as house:
            assert wire.asked >= 3
            said = [line["event"] for line in house.lines]
            assert (
                "Warning: Redis cannot be used yet (no connection); nothing is decided until it"
                " can."
            ) in said
