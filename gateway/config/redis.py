"""`[redis]` of countersign.toml: where records are kept."""

from typing import Final
from urllib.parse import urlsplit

from approvals.redis.sentinel_url import is_sentinel_url, read_sentinel_url
from approvals.settings import RedisSettings
from gateway.config.tables import Reader
from keys.secret import Secret

_MOST_DAYS: Final = 36_500
_REDIS_SCHEMES: Final = ("redis", "rediss", "unix")
_ELSEWHERE: Final = 'holds a password: put the URL elsewhere, url = { env = "REDIS_URL" }'


def read_redis(table: Reader) -> RedisSettings:
    """All of `[redis]`; mistakes are noted in the table."""
    settings = RedisSettings(
        url=_redis_url(table),
        keep_days=table.whole("keep_days", 1, _MOST_DAYS, default=30),
        may_forget=table.flag("may_forget", default=False),
    )
    table.close()
    return settings


def _redis_url(table: Reader) -> Secret | None:
    """Where Redis is; a URL may stand in the file as long as it holds no password.

    One server: `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS, `unix://path`.
    Sentinels: `redis+sentinel://[user:password@]host:port[,host:port...]/master-name[/db]`. User
    and password are sent to the sentinels and to the servers alike: give both the same, with
    fewer rights at the sentinels. What is sent to either is not encrypted.
    """
    value = table.take("url")
    if type(value) is not str:
        secret = table.secret_of("url", value, required=False)
        if secret is not None and secret != Secret(None):
            _mind_redis_url(table, secret.reveal())
        return secret
    try:
        literal_password = urlsplit(value).password is not None
    except ValueError:
        literal_password = False
    if literal_password:
        table.mistake("url", _ELSEWHERE)
    else:
        _mind_redis_url(table, value)
    return Secret(value)


def _mind_redis_url(table: Reader, url: str) -> None:
    """Note what is wrong with an address, in a sentence that shows nothing of it."""
    if is_sentinel_url(url):
        try:
            read_sentinel_url(url)
        except ValueError as error:
            table.mistake("url", str(error))
        return
    try:
        parts = urlsplit(url)
        good = parts.scheme in _REDIS_SCHEMES and bool(parts.netloc or parts.path)
    except ValueError:
        good = False
    if not good:
        table.mistake("url", 'expected a URL such as "redis://127.0.0.1:6379/0"')
