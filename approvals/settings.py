"""What the approval store needs to know from the configuration."""

from dataclasses import dataclass

from keys.secret import Secret


@dataclass(frozen=True, slots=True)
class RedisSettings:
    """Where records live. `url` None: the embedded server.

    `keep_days` is how long finished approvals stay in Redis. `may_forget` accepts a server that
    evicts keys or does not write an append-only file.
    """

    url: Secret | None
    keep_days: int
    may_forget: bool
