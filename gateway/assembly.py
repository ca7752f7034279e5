"""The composition root: every part of a gateway, made once and handed to those who need it."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from starlette.types import ASGIApp

from approvals.aftermath.store import AfterStore
from approvals.audit import Audit
from approvals.bell import Bell
from approvals.events import Alarm
from approvals.freezes.store import FreezeStore
from approvals.outbox import Outbox
from approvals.parts import Parts
from approvals.policy import Policy
from approvals.presence import Presences
from approvals.redis.health import RedisRefused, check_server
from approvals.redis.link import Link, StoreDown
from approvals.service import Service
from approvals.store import Store
from gateway.beginning import Recalled, first_policy
from gateway.clock import Clock
from gateway.config.settings import Settings
from gateway.desk.api import Desk
from gateway.desk.cookie import Cookie
from gateway.desk.door import Door
from gateway.desk.freezes import FreezeDesk
from gateway.desk.surface import operator_app
from gateway.doors.callback import Callback
from gateway.doors.events import EventDoor
from gateway.doors.public import public_app
from gateway.doors.silence import Parked
from gateway.heads import Heads
from gateway.keyring import Keyring
from gateway.neighbors import Neighbors
from gateway.observe.observer import Observer
from gateway.reloading import Reloading
from gateway.start_up import start_up_lines
from gateway.tasks import Task
from gateway.telling import Telling, places_of, telling
from gateway.watch import watch
from keys.seals import SealKey
from keys.signed_text import TextSigner
from notifiers.story import names_of
from notifiers.words.headline import headline

SIGNERS: Final = 2


@dataclass(frozen=True, slots=True)
class Assembly:
    """A gateway that is put together and not yet listening."""

    service: Service
    reloading: Reloading
    public_app: ASGIApp
    operator_app: ASGIApp
    parked: Parked
    tasks: tuple[Task, ...]
    start_up_lines: Callable[[str, str], Coroutine[Any, Any, list[str]]]


@dataclass(frozen=True, slots=True)
class _Root:
    """What nearly every part is made with. What must be closed again is pushed on `stack`."""

    settings: Settings
    observer: Observer
    clock: Clock
    stack: AsyncExitStack
    process: str
    keyring: Keyring
    seal_key: SealKey


def assemble(
    settings: Settings,
    url: str,
    *,
    process: str,
    observer: Observer,
    clock: Clock,
    stack: AsyncExitStack,
) -> Assembly:
    """Make every part; what must be closed again is pushed on `stack`.

    Raises:
        KeyFileError, StartError: what keeps the gateway from starting.
    """
    policy = first_policy(settings.policy)
    keyring, seal_key = Keyring.load(settings), SealKey.load(settings.seal_key)
    root = _Root(settings, observer, clock, stack, process, keyring, seal_key)
    link = _link(root, url)
    store = Store(link, seal_key, keep_days=settings.redis.keep_days, process=process)
    heads = Heads(observer)
    recalled = _recalled(root, heads)
    bell = Bell(link, store.revisions, process=process)
    service = _service(root, link, store, bell, recalled=recalled, policy=policy)
    service.aftermath.remember(recalled.overheard)
    told = telling(settings, service, observer, clock, stack, seal_key=seal_key)
    for wake in told.wakes:
        bell.also(wake)
    if settings.slack is not None:
        heads.tell_too(told.tellers.announce)
    parked = Parked()
    _begin_to_count(root, policy, parked, told)
    reloading = Reloading(service, settings.policy, told.tellers, observer, clock)
    return Assembly(
        service=service,
        reloading=reloading,
        public_app=_public_app(root, service, recalled.audit, parked, told),
        operator_app=operator_app(_desk(root, service, reloading), observer),
        parked=parked,
        tasks=(
            link.follow,
            bell.listen,
            bell.sweep,
            service.sweep,
            service.freezing.follow,
            service.hearsay.follow,
            lambda: watch(store, service.outbox, recalled.audit, observer, clock.now_ms),
            _neighbors(root, link, service).run,
            heads.run,
            *told.tasks,
        ),
        start_up_lines=lambda public, operator: start_up_lines(
            settings, service, link, people=told.line, public=public, operator=operator
        ),
    )


def _link(root: _Root, url: str) -> Link:
    """A server that may forget approvals is not used, at the start and after each reconnection."""
    observer, now_ms = root.observer, root.clock.now_ms

    async def check(client: Any) -> None:
        try:
            await check_server(client, may_forget=root.settings.redis.may_forget)
        except RedisRefused as refused:
            raise StoreDown(str(refused)) from None

    def foreign(what: str) -> None:
        observer.note(Alarm(now_ms(), "foreign", "", what))

    link = Link(url, check=check, foreign=foreign)
    root.stack.push_async_callback(link.close)
    return link


def _recalled(root: _Root, heads: Heads) -> Recalled:
    """The end of the chain is signed; after a stop in order, what signs it leaves this machine."""
    signer, metrics = TextSigner(root.keyring.own), root.observer.metrics
    recalled = Recalled.of(root.settings, signer, heads, metrics, root.clock, process=root.process)

    async def end(kind: type[BaseException] | None, *_rest: object) -> None:
        await asyncio.to_thread(recalled.audit.close)
        if kind is None:
            await heads.end()

    root.stack.push_async_exit(end)
    return recalled


def _service(
    root: _Root, link: Link, store: Store, bell: Bell, *, recalled: Recalled, policy: Policy
) -> Service:
    settings, seal_key = root.settings, root.seal_key
    return Service(
        Parts(
            store=store,
            after=AfterStore(link, seal_key, keep_days=settings.redis.keep_days),
            freezes=FreezeStore(link, seal_key),
            outbox=Outbox(link, seal_key, places_of(root.settings)),
            bell=bell,
            audit=recalled.audit,
            memory=recalled.memory,
            policy=policy,
            windows={node.name: node.window for node in settings.nodes},
            journals=(root.observer,),
            now_ms=root.clock.now_ms,
            process=root.process,
            describe=lambda findings, policy: headline(findings, names_of(policy)),
        )
    )


def _public_app(
    root: _Root, service: Service, audit: Audit, parked: Parked, told: Telling
) -> ASGIApp:
    """The doors of nodes and of Slack."""
    journals, now_ms = (root.observer,), root.clock.now_ms
    signers = ThreadPoolExecutor(SIGNERS, thread_name_prefix="signer")
    root.stack.callback(signers.shutdown)
    callback = Callback(
        service=service,
        audit=audit,
        nodes=root.keyring.callbacks,
        keys=root.keyring.answering,
        signers=signers,
        journals=journals,
        now_ms=now_ms,
        parked=parked,
    )
    return public_app(
        callback,
        EventDoor(service.aftermath, audit, root.keyring.events, journals, now_ms),
        health=root.observer.health,
        now_ms=now_ms,
        report=root.observer.bug,
        slack=told.routes,
    )


def _desk(root: _Root, service: Service, reloading: Reloading) -> Desk:
    """The door of operators."""
    settings, keyring = root.settings, root.keyring
    return Desk(
        service,
        reloading,
        FreezeDesk(service, gateway=keyring.fingerprint, clock=root.clock),
        door=Door(Cookie.bake(settings.data_dir), settings.operator_listen),
        gateways=keyring.fingerprints(),
        clock=root.clock,
    )


def _neighbors(root: _Root, link: Link, service: Service) -> Neighbors:
    return Neighbors(
        Presences(link, root.seal_key),
        lambda: service.policy.digest,
        root.observer,
        root.clock,
        process=root.process,
        version=version("countersign"),
    )


def _begin_to_count(root: _Root, policy: Policy, parked: Parked, told: Telling) -> None:
    """What the metrics cannot learn from events."""
    settings, metrics = root.settings, root.observer.metrics
    metrics.watch_held(parked.__len__)
    metrics.set_policy(policy.digest, root.clock.now_ms())
    metrics.watch_disk(lambda: shutil.disk_usage(settings.data_dir).free)
    metrics.begin(
        version=version("countersign"),
        nodes=[node.name for node in settings.nodes],
        places=told.tellers.places,
    )
