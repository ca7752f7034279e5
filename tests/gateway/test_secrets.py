"""What a whole approval leaves in the log: names and digests, no token, no request, no reason."""

import asyncio
import json
import time

import aiohttp

from approvals.model import Choice
from keys.envelope import sign
from tests.support.requests import sample
from tests.support.world import rsa_key


async def test_neither_tokens_nor_requests_nor_reasons_reach_the_log(world):
    asked = sample("keysign_erc20_usdt").with_transaction("description", "for the yacht")
    token = sign(asked.package, rsa_key("node-1"), expires_at_s=int(time.time()) + 120)
    async with world.running() as house, aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.post(house.url, data={"TSS_JWT_MSG": token}))
        await house.votes("bo", Choice.REJECT)
        answer = await (await asking).text()
        cookie = (world.folder / "data" / "operator.cookie").read_text().strip()
        log = json.dumps(house.lines, default=str)
        evidence = json.dumps(house.audit())
    assert asked.request.digest[:16] in log
    raw = asked.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"]
    signed_parts = (*token.split(".")[1:], *answer.split(".")[1:])
    for secret in (*signed_parts, cookie, "5e" * 32, raw, "yacht", '"seen"'):
        assert secret[:40] not in log
    assert token not in evidence
    assert cookie not in evidence
    assert "yacht" in evidence
