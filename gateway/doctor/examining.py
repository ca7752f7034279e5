"""All subjects at once, within a bounded time, whatever happens to one of them."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from typing_extensions import override

from approvals.policy.model import Policy
from approvals.wording import counted
from gateway.config.file import ConfigError, load_as_far
from gateway.config.settings import Settings
from gateway.doctor.check import Check, Section, ok, wrong
from gateway.doctor.disk import check_data
from gateway.doctor.files import check_unwritable
from gateway.doctor.key_files import check_keys
from gateway.doctor.machine import check_machine
from gateway.doctor.notifiers import check_notifiers
from gateway.doctor.policies import check_policy
from gateway.doctor.slack import check_slack
from gateway.doctor.store import check_store
from gateway.doctor.tss_node import check_node_config
from gateway.doctor.windows import check_deadlines, check_window

LIMIT_S: Final = 20.0
"""For one subject; all of them are looked at at the same time."""

T = TypeVar("T")
_Judged: TypeAlias = tuple[Policy | None, list[Check]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look at. `node_config` is a TSS Node's own file, and `node` whose it is."""

    config: Path
    node_config: Path | None = None
    node: str | None = None


def examine(wanted: Wanted, *, limit_s: float = LIMIT_S) -> list[Section]:
    """Everything that can be known without a gateway; this never raises, and always ends."""
    return asyncio.run(_examine(wanted, limit_s))


async def _examine(wanted: Wanted, limit_s: float) -> list[Section]:
    asyncio.get_running_loop().set_default_executor(Errands())
    settings: Settings | None = None

    async def configuration() -> list[Check]:
        nonlocal settings
        settings, checks = await asyncio.to_thread(_check_configuration, wanted.config)
        return checks

    first = await _section("Configuration", "config", configuration(), limit_s)
    if settings is None:
        return [first]
    return [first, *await _check_subjects(settings, wanted, limit_s)]


def _check_configuration(path: Path) -> tuple[Settings | None, list[Check]]:
    try:
        settings, missing = load_as_far(path)
    except ConfigError as error:
        return None, [wrong("config.loads", f"{mistake}.") for mistake in error.mistakes]
    nodes = counted(len(settings.nodes), "TSS Node")
    checks = [wrong("config.secrets", f"{mistake}.") for mistake in missing]
    checks += check_unwritable(path)
    return settings, [ok("config.loads", f"{path} can be read, with {nodes}."), *checks]


async def _check_subjects(settings: Settings, wanted: Wanted, limit_s: float) -> list[Section]:
    judged = asyncio.create_task(asyncio.to_thread(check_policy, settings))

    async def policy() -> list[Check]:
        _, checks = await asyncio.shield(judged)
        return checks

    async def windows() -> list[Check]:
        known = await _policy_of(judged)
        checks: list[Check] = []
        for node in settings.nodes:
            checks += check_window(node)
            checks += [] if known is None else check_deadlines(node, known)
        return checks

    async def slack() -> list[Check]:
        return await check_slack(settings, await _policy_of(judged))

    subjects: list[tuple[str, str, Awaitable[list[Check]]]] = [
        ("Policy", "policy", policy()),
        ("Keys", "keys", _apart(check_keys, settings)),
        ("Time", "window", windows()),
        ("Data", "data", _apart(check_data, settings.data_dir)),
        ("Store", "store", check_store(settings)),
        ("Slack", "slack", slack()),
        ("Other notifiers", "notify", check_notifiers(settings)),
        ("This machine", "machine", _apart(check_machine, settings)),
    ]
    if wanted.node_config is not None:
        comparing = _apart(check_node_config, settings, wanted.node_config, wanted.node)
        subjects.append(("The TSS Node's configuration", "node_config", comparing))
    return await asyncio.gather(*(_section(*subject, limit_s) for subject in subjects))


async def _policy_of(judged: asyncio.Task[_Judged]) -> Policy | None:
    """None where it does not load: that is said under its own title."""
    try:
        known, _ = await asyncio.shield(judged)
    except Exception:  # noqa: BLE001 - likewise
        return None
    return known


async def _apart(check: Callable[..., list[Check]], *arguments: Any) -> list[Check]:
    """In a thread: a disk or a name server may take its time."""
    return await asyncio.to_thread(check, *arguments)


async def _section(title: str, name: str, work: Awaitable[list[Check]], limit_s: float) -> Section:
    try:
        async with asyncio.timeout(limit_s):
            checks = await work
    except TimeoutError:
        sentence = f"This did not come to an end within {limit_s:g} s: is a disk or a server hung?"
        checks = [wrong(f"{name}.time", sentence)]
    except Exception as error:  # noqa: BLE001 - one subject must not keep the others from being told
        sentence = f"This could not be looked at ({type(error).__name__}): please report it."
        checks = [wrong(f"{name}.bug", sentence)]
    return Section(title, tuple(checks))


class Errands(ThreadPoolExecutor):
    """A thread for each errand, which keeps nobody from ending: a hung disk never lets go."""

    @override
    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
                future.set_exception(error)

        threading.Thread(target=run, name="errand", daemon=True).start()
        return future
