"""An old master is never taken for the new one."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.redis import link as redis_link
from approvals.redis.health import RedisRefused, check_server
from approvals.redis.link import Link, StoreDown
from approvals.redis.sentinel import Named, NobodyNamed, NoMaster, Said, newest
from approvals.redis.sentinel_url import SentinelUrl, is_sentinel_url, read_sentinel_url
from tests.support.ports import free_ports
from tests.support.sentinels import NAME, Server, a_sentinel, a_server, come_to
from tests.support.waiting import until

OLD, NEW = ("10.0.0.1", 6379), ("10.0.0.2", 6379)
URL = "redis+sentinel://10.0.0.1:26379,[::1]:26380/mymaster"


def said(address=OLD, epoch=1, *, down=False):
    return Said(address, epoch, down)


def test_the_newest_configuration_counts_whoever_says_it_how_often():
    assert newest([said(), said(NEW, 2), said()], 3) == Named(NEW, 3, 3)


def test_more_than_half_of_the_sentinels_must_answer():
    assert newest([said(), said()], 3).address == OLD
    for few, of in (([], 1), ([said()], 2), ([said()], 3), ([said(), said()], 4)):
        with pytest.raises(NobodyNamed, match=f"^{len(few)} of {of} sentinels"):
            newest(few, of)


def test_two_masters_of_one_epoch_are_none():
    with pytest.raises(NobodyNamed, match="different masters"):
        newest([said(NEW), said(OLD), said(NEW)], 3)


def test_a_master_that_is_down_is_none():
    with pytest.raises(NoMaster):
        newest([said(), said(down=True)], 3)
    assert newest([said(NEW, 2), said(down=True)], 3).address == NEW


@given(st.lists(st.builds(Said, st.sampled_from([OLD, NEW]), st.integers(0, 3), st.booleans())))
def test_whoever_is_named_is_named_by_the_last_epoch_alone(answers):
    with contextlib.suppress(NobodyNamed):
        named = newest(answers, 5)
        last = max(one.epoch for one in answers)
        assert {one.address for one in answers if one.epoch == last} == {named.address}
        assert len(answers) > 2


def test_an_address_of_sentinels_is_read_whole():
    assert read_sentinel_url(URL) == SentinelUrl(
        (("10.0.0.1", 26379), ("::1", 26380)), "mymaster", 0, "", None
    )
    full = read_sentinel_url("redis+sentinel://us%40er:p%2F%3Aw@a:1/m/3")
    assert full == SentinelUrl((("a", 1),), "m", 3, "us@er", "p/:w")
    assert "p/:w" not in repr(full)


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel:",
        "redis+sentinel://",
        "redis+sentinel://h:1",
        "redis+sentinel://h:1/",
        "redis+sentinel:///m",
        "redis+sentinel://h/m",
        "redis+sentinel://h:1,/m",
        "redis+sentinel://h:0/m",
        "redis+sentinel://h:65536/m",
        "redis+sentinel://h:1,h:1/m",
        "redis+sentinel://h:1/m/x",
        "redis+sentinel://h:1/m/0/0",
        "redis+sentinel://user@h:1/m",
        "redis+sentinel://h:1/m?ssl=1",
        "redis+sentinel://h:１/m",
        "redis+sentinel://h:1/m\n",
        "redis+sentinel://" + ",".join(f"h:{n}" for n in range(1, 17)) + "/m",
    ],
)
def test_any_other_address_is_refused_in_one_sentence_that_shows_nothing(url):
    assert is_sentinel_url(url)
    with pytest.raises(ValueError, match=r"^(expected|names)[^\n]+$"):
        read_sentinel_url(url)


async def no_check(_client):
    """Every server will do."""


class Estate:
    """Two masters that know nothing of each other, and three sentinels who say which counts."""

    def __init__(self, folder: Path, *more: str) -> None:
        ports = free_ports(5)
        self.old, self.new = (a_server(folder / str(p), p, *more) for p in ports[:2])
        self.sentinels = [a_sentinel(folder / str(port), port, ports[0]) for port in ports[2:]]

    @property
    def everybody(self) -> list[Server]:
        return [self.old, self.new, *self.sentinels]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{NAME}"

    def turn(self, *sentinels: Server) -> None:
        """From now on these name the new one."""
        for sentinel in sentinels:
            sentinel.ask("SENTINEL", "REMOVE", NAME)
            sentinel.ask("SENTINEL", "MONITOR", NAME, "127.0.0.1", self.new.port, 2)


@pytest.fixture
def estate() -> Iterator[Estate]:
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        estate = Estate(Path(folder))
        try:
            for server in estate.everybody:
                server.start()
            come_to(lambda: all(server.answers() for server in estate.everybody))
            yield estate
        finally:
            for server in estate.everybody:
                server.kill()


@contextlib.asynccontextmanager
async def following(url, check=no_check):
    link = Link(url, check=check)
    task = asyncio.create_task(link.follow())
    try:
        yield link
    finally:
        task.cancel()
        await link.close()


async def port_of(link):
    await link.ping()
    async with link.reaching():
        return int((await link.client.config_get("port"))["port"])


async def test_a_master_that_the_sentinels_left_is_left_though_it_answers(estate, monkeypatch):
    monkeypatch.setattr(redis_link, "FOLLOW_S", 0.02)
    async with following(estate.url) as link:
        assert await port_of(link) == estate.old.port
        assert link.where == f"master {NAME} at 127.0.0.1:{estate.old.port} (3 of 3 sentinels)"
        checks = link.checks
        waiting = asyncio.create_task(port_that_answers(link, "blpop"))
        estate.turn(*estate.sentinels)
        await until(lambda: f":{estate.new.port} " in link.where)
        assert await port_of(link) == estate.new.port
        assert link.checks > checks
        assert await waiting == "StoreDown"  # what was under way at the old one is unknown
        assert estate.old.role() == "master"


async def test_a_new_master_is_looked_over_before_it_is_used(estate, monkeypatch):
    monkeypatch.setattr(redis_link, "FOLLOW_S", 0.02)
    checked = []

    async def check(client):
        checked.append(int((await client.config_get("port"))["port"]))

    async with following(estate.url, check) as link:
        await link.ping()
        estate.turn(*estate.sentinels)
        await until(lambda: f":{estate.new.port} " in link.where)
        await link.ping()  # no command failed in between
        assert checked == [estate.old.port, estate.new.port]


async def port_that_answers(link, command):
    try:
        async with link.reaching():
            await getattr(link.client, command)("nothing", timeout=1.5)
    except StoreDown:
        return "StoreDown"
    return "answered"


async def test_one_sentinel_that_disagrees_leaves_nobody_to_connect_to(estate):
    estate.turn(estate.sentinels[0])
    async with following(estate.url) as link:
        with pytest.raises(StoreDown, match=r"^the sentinels name different masters$"):
            await link.ping()


async def test_a_minority_of_the_sentinels_is_not_believed(estate):
    for sentinel in estate.sentinels[:2]:
        sentinel.kill()
    async with following(estate.url) as link:
        with pytest.raises(StoreDown, match=r"^1 of 3 sentinels name a master, too few$"):
            await link.ping()


async def test_what_works_goes_on_while_the_sentinels_are_away(estate, monkeypatch):
    monkeypatch.setattr(redis_link, "FOLLOW_S", 0.02)
    async with following(estate.url) as link:
        await link.ping()
        for sentinel in estate.sentinels:
            sentinel.kill()
        await asyncio.sleep(0.1)
        await link.ping()


async def test_a_named_server_that_calls_itself_a_replica_is_not_used(estate):
    estate.old.ask("REPLICAOF", "127.0.0.1", estate.new.port)
    async with following(estate.url) as link:
        with pytest.raises(StoreDown, match=r"does not call itself master$"):
            await link.ping()


async def test_a_server_that_turned_replica_is_down_until_looked_over_again(own_redis):
    async def check(client):
        try:
            await check_server(client, may_forget=True)
        except RedisRefused as refused:
            raise StoreDown(str(refused)) from None

    async with following(own_redis.url, check) as link:
        await link.ping()
        with own_redis.client() as admin:
            admin.replicaof("127.0.0.1", 1)
            with pytest.raises(StoreDown, match=r"^it is a replica, which takes no writes$"):
                async with link.reaching():
                    await link.client.set("x", "y")
            with pytest.raises(StoreDown, match=r"^Redis is a replica"):
                await link.ping()
            admin.replicaof("NO", "ONE")
        await link.ping()


async def test_user_and_password_go_to_the_sentinels_and_to_the_server(estate):
    rules = ("on", ">pa:ss", "allkeys", "allcommands")
    for server in estate.everybody:
        with server.client() as admin:
            admin.execute_command("ACL", "SETUSER", "us@er", *rules)
            admin.execute_command("ACL", "SETUSER", "default", "off")
    async with following(estate.url.replace("://", "://us%40er:pa%3Ass@")) as link:
        await link.ping()
        async with link.reaching():
            assert await link.client.acl_whoami() == "us@er"
    async with following(estate.url) as link:
        with pytest.raises(StoreDown, match=r"^0 of 3 sentinels"):
            await link.ping()
