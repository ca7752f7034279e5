"""`redis+sentinel://` addresses: which sentinels to ask, for which master."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

SCHEME: Final = "redis+sentinel"
MOST_SENTINELS: Final = 15
_MOST_PORT: Final = 65_535
_FORM: Final = re.compile(
    r"redis\+sentinel://(?:(?P<user>[^:@/]*):(?P<password>[^@/]+)@)?"
    r"(?P<hosts>[^@/]+)/(?P<master>[A-Za-z0-9_.-]{1,64})(?:/(?P<db>[0-9]{1,4}))?",
    re.ASCII,
)
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_.-]{1,253})):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class SentinelUrl:
    """Sentinels as (host, port), the name they know the master by, and its database's number.

    `user` ("" for the default one) and `password` are the master's and the sentinels' alike.
    """

    sentinels: tuple[tuple[str, int], ...]
    master: str
    db: int = 0
    user: str = ""
    password: str | None = field(default=None, repr=False)


def is_sentinel_url(url: str) -> bool:
    """Whether an address means sentinels, well-formed or not."""
    return url.startswith(f"{SCHEME}:")


def read_sentinel_url(url: str) -> SentinelUrl:
    """The address `redis+sentinel://[user:password@]host:port[,host:port...]/master-name[/db]`.

    User and password are percent-encoded.

    Raises:
        ValueError: a sentence without a full stop, that shows nothing of the address.
    """
    match = _FORM.fullmatch(url)
    if match is None:
        raise ValueError(
            'expected a URL such as "redis+sentinel://10.0.0.1:26379,10.0.0.2:26379/mymaster/0"'
        )
    hosts = [_HOST.fullmatch(host) for host in match["hosts"].split(",")]
    named = [(host[1] or host[2], int(host[3])) for host in hosts if host is not None]
    if len(named) < len(hosts) or any(not 0 < port <= _MOST_PORT for _, port in named):
        raise ValueError('expected every sentinel as "host:port", separated by commas')
    if len(set(named)) < len(named):
        raise ValueError("names the same sentinel twice, which would give it two voices")
    if len(named) > MOST_SENTINELS:
        raise ValueError(f"names more than {MOST_SENTINELS} sentinels")
    return SentinelUrl(
        sentinels=tuple(named),
        master=match["master"],
        db=int(match["db"] or 0),
        user=unquote(match["user"] or ""),
        password=None if match["password"] is None else unquote(match["password"]),
    )
