"""The composition root: every part of a gateway, made once and handed to those who need it."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.types import ASGIApp

from approvals.aftermath.store import AfterStore
from approvals.audit import Audit, AuditUnreadable
from approvals.audit.reading import remember
from approvals.bell import Bell
from approvals.events import Alarm
from approvals.freezes.store import FreezeStore
from approvals.ledger import Parts
from approvals.memory import Memory
from approvals.outbox import Outbox
from approvals.plain import plain
from approvals.policy import Policy, PolicyError
from approvals.presence import Presences
from approvals.redis.health import RedisRefused, check_server
from approvals.redis.link import Link, StoreDown
from approvals.service import Service
from approvals.store import Store
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
from gateway.neighbors import Neighbors
from gateway.observe.observer import Observer
from gateway.policy_file import PolicyUnreadable, load_policy
from gateway.reloading import Reloading
from gateway.start_up import start_up_lines
from gateway.telling import telling
from gateway.watch import watch
from keys.envelope import TrustedNode
from keys.rsa import fingerprint, load_private_key, load_public_key
from keys.seals import SealKey
from keys.signed_text import TextSigner

SIGNERS: Final = 2
_DAY_MS: Final = 86_400_000

Task: TypeAlias = Callable[[], Coroutine[Any, Any, Any]]


class StartError(Exception):
    """What keeps the gateway from starting: one plain sentence for each mistake."""


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


def assemble(
    settings: Settings,
    url: str,
    *,
    process: str,
    observer: Observer,
    clock: Clock,
    stack: AsyncExitStack,
) -> Assembly:
    """Make every part; what must be closed again is pushed on `stack`."""
    policy = _policy(settings.policy)
    own = load_private_key(settings.private_key)  # once: it proves two large primes each time
    keys = _signing_keys(settings, own)
    link = Link(
        url,
        check=_looks_over(settings),
        foreign=lambda what: observer.note(Alarm(clock.now_ms(), "foreign", "", what)),
    )
    stack.push_async_callback(link.close)
    seal_key = SealKey.load(settings.seal_key)
    store = Store(link, seal_key, keep_days=settings.redis.keep_days, process=process)
    heads = Heads(observer)
    audit, memory = _audit(settings, process, clock, observer, heads, own=own)
    stack.push_async_exit(_end_of(audit, heads))
    bell = Bell(link, store.revisions, process=process)
    journals = (observer,)
    service = Service(
        Parts(
            store=store,
            after=AfterStore(link, seal_key, keep_days=settings.redis.keep_days),
            freezes=FreezeStore(link, seal_key),
            outbox=Outbox(link, seal_key),
            bell=bell,
            audit=audit,
            memory=memory,
            policy=policy,
            windows={node.name: node.window for node in settings.nodes},
            journals=journals,
            now_ms=clock.now_ms,
            process=process,
        )
    )
    signers = ThreadPoolExecutor(SIGNERS, thread_name_prefix="signer")
    stack.callback(signers.shutdown)
    parked = Parked()
    callback = Callback(
        service=service,
        audit=audit,
        nodes=_trusted(settings),
        keys=keys,
        signers=signers,
        journals=journals,
        now_ms=clock.now_ms,
        parked=parked,
    )
    told = telling(settings, service, observer, clock, stack, seal_key=seal_key)
    for wake in told.wakes:
        bell.also(wake)
    if settings.slack is not None:
        heads.tell_too(told.teller.announce)
    observer.metrics.watch_held(parked.__len__)
    observer.metrics.set_policy(policy.digest, clock.now_ms())
    observer.metrics.watch_disk(lambda: shutil.disk_usage(settings.data_dir).free)
    observer.metrics.begin(
        version=version("countersign"),
        nodes=[node.name for node in settings.nodes],
        places=told.teller.places,
    )
    neighbors = Neighbors(
        Presences(link, seal_key),
        lambda: service.policy.digest,
        observer,
        clock,
        process=process,
        version=version("countersign"),
    )
    reloading = Reloading(service, settings.policy, told.teller, observer, clock)
    return Assembly(
        service=service,
        reloading=reloading,
        public_app=public_app(
            callback,
            EventDoor(
                service.aftermath, audit, _trusted_for_events(settings), journals, clock.now_ms
            ),
            health=observer.health,
            now_ms=clock.now_ms,
            report=observer.bug,
            slack=told.routes,
        ),
        operator_app=operator_app(
            _desk(settings, service, reloading, keys, clock, own=own), observer
        ),
        parked=parked,
        tasks=(
            link.follow,
            bell.listen,
            bell.sweep,
            service.sweep,
            service.freezing.follow,
            service.hearsay.follow,
            lambda: watch(store, service.outbox, audit, observer, clock.now_ms),
            neighbors.run,
            heads.run,
            *told.tasks,
        ),
        start_up_lines=lambda public, operator: start_up_lines(
            settings, service, link, people=told.line, public=public, operator=operator
        ),
    )


def _policy(path: Path) -> Policy:
    try:
        return load_policy(path)
    except (PolicyUnreadable, PolicyError) as error:
        raise StartError(str(error)) from None


def _looks_over(settings: Settings) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """A server that may forget approvals is not used, at the start and after each reconnection."""

    async def check(client: Any) -> None:
        try:
            await check_server(client, may_forget=settings.redis.may_forget)
        except RedisRefused as refused:
            raise StoreDown(str(refused)) from None

    return check


def _audit(
    settings: Settings,
    process: str,
    clock: Clock,
    observer: Observer,
    heads: Heads,
    *,
    own: RSAPrivateKey,
) -> tuple[Audit, Memory]:
    """What was said before is read first, so that nothing is written behind what cannot be."""
    directory = settings.data_dir / "audit"
    memory = Memory()
    try:
        since = clock.now_ms() - settings.redis.keep_days * _DAY_MS
        known = remember(directory, memory, since=since)
        audit = Audit(
            directory,
            process=process,
            clock=clock.now_ms,
            notary=TextSigner(own),
            took=observer.metrics.took_fsync,
            published=heads.publish,
            standing=lambda: None if memory.freezes is None else plain(memory.freezes),
        )
    except AuditUnreadable as error:
        raise StartError(f"{error} Know first what it recorded.") from None
    except OSError as error:
        raise StartError(f"{directory} cannot be used for the audit: {error.strerror}") from None
    audit.evidenced.update(dict.fromkeys(known.evidenced.get(audit.chain, ())))
    return audit, memory


def _end_of(audit: Audit, heads: Heads) -> Callable[..., Coroutine[Any, Any, None]]:
    """The end of the chain is signed; after a stop in order, what signs it leaves this machine."""

    async def end(kind: type[BaseException] | None, *_rest: object) -> None:
        await asyncio.to_thread(audit.close)
        if kind is None:
            await heads.end()

    return end


def _signing_keys(settings: Settings, own: RSAPrivateKey) -> Mapping[str, RSAPrivateKey]:
    return {
        node.name: own if node.private_key is None else load_private_key(node.private_key)
        for node in settings.nodes
    }


def _trusted(settings: Settings) -> tuple[TrustedNode, ...]:
    return tuple(
        TrustedNode(node.name, tuple(load_public_key(path) for path in node.keys))
        for node in settings.nodes
    )


def _trusted_for_events(settings: Settings) -> tuple[TrustedNode, ...]:
    """The keys of nodes' event notifications, which are others than those of their callbacks."""
    return tuple(
        TrustedNode(node.name, tuple(load_public_key(path) for path in node.event_keys))
        for node in settings.nodes
        if node.event_keys
    )


def _desk(
    settings: Settings,
    service: Service,
    reloading: Reloading,
    keys: Mapping[str, RSAPrivateKey],
    clock: Clock,
    *,
    own: RSAPrivateKey,
) -> Desk:
    return Desk(
        service,
        reloading,
        FreezeDesk(service, gateway=fingerprint(own.public_key()), clock=clock),
        door=Door(Cookie.bake(settings.data_dir), settings.operator_listen),
        gateways={name: fingerprint(key.public_key()) for name, key in keys.items()},
        clock=clock,
    )
