"""What must be read before anything runs: the policy, and what the audit has of earlier times."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from approvals.aftermath.facts import Overheard
from approvals.audit import Audit, AuditUnreadable
from approvals.audit.reading import remember
from approvals.memory import Memory
from approvals.plain import plain
from approvals.policy import Policy, PolicyError
from gateway.clock import Clock
from gateway.config.settings import Settings
from gateway.heads import Heads
from gateway.observe.metrics import Metrics
from gateway.policy_file import PolicyUnreadable, load_policy
from keys.signed_text import TextSigner

_DAY_MS: Final = 86_400_000


class StartError(Exception):
    """What keeps the gateway from starting: one plain sentence for each mistake."""


def first_policy(path: Path) -> Policy:
    """The policy that is in force from the start.

    Raises:
        StartError: there is none.
    """
    try:
        return load_policy(path)
    except (PolicyUnreadable, PolicyError) as error:
        raise StartError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Recalled:
    """The audit, gone on with where it ended, and what this process knows from it.

    `overheard` are the reports of nodes that speak of no yes of ours.
    """

    audit: Audit
    memory: Memory
    overheard: tuple[Overheard, ...]

    @classmethod
    def of(
        cls,
        settings: Settings,
        signer: TextSigner,
        heads: Heads,
        metrics: Metrics,
        clock: Clock,
        *,
        process: str,
    ) -> Self:
        """What was said before is read first, so that nothing is written behind what cannot be.

        `heads` takes what `signer` signs of the audit, `metrics` how long the disk took.

        Raises:
            StartError: it cannot be read, or not be gone on with.
        """
        directory = settings.data_dir / "audit"
        memory = Memory()
        try:
            since = clock.now_ms() - settings.redis.keep_days * _DAY_MS
            known = remember(directory, memory, since=since)
            audit = Audit(
                directory,
                process=process,
                clock=clock.now_ms,
                notary=signer,
                took=metrics.took_fsync,
                published=heads.publish,
                standing=lambda: None if memory.freezes is None else plain(memory.freezes),
            )
        except AuditUnreadable as error:
            raise StartError(f"{error} Know first what it recorded.") from None
        except OSError as error:
            why = error.strerror
            raise StartError(f"{directory} cannot be used for the audit: {why}") from None
        audit.evidenced.update(dict.fromkeys(known.evidenced.get(audit.chain, ())))
        return cls(audit, memory, known.overheard)
