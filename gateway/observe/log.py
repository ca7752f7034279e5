"""The log: one line an event, as JSON or, on a terminal, to be read; secrets are taken out."""

import datetime as dt
import json
import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Final, TextIO, TypeAlias

import structlog
from structlog.typing import FilteringBoundLogger
from typing_extensions import override

Fields: TypeAlias = MutableMapping[str, Any]

LONGEST: Final = 2000
"""Characters of one value."""

LONGEST_ON_SCREEN: Final = 200
"""Characters of one value on a terminal, where nobody reads a signature."""

REMOVED: Final = "[removed]"

_SECRET_NAME: Final = re.compile(
    r"(?i)token|secret|passw|authorization|cookie|jwt|credential|private_key|seal_key|api_key"
)
_SECRET_TEXT: Final = re.compile(
    r"(?s)"
    r"eyJ[\w-]{5,}\.[\w-]+(\.[\w-]*)?"  # a JWT
    r"|xox[a-z](\.[a-z]+)?-[\w-]+|xapp-[\w-]+|xwfp-[\w-]+"  # Slack's tokens
    r"|hooks\.slack\.com/[\w/-]+"
    r"|-----BEGIN [^-]*PRIVATE KEY-----.*?(-----END [^-]*-----|$)"
    r"|(?<=://)[^\s/@]*:[^\s/@]*(?=@)"  # user:password@
    r"|(?<=TSS_JWT_MSG=)[^&\s\"]+"
)
_PLAIN: Final = re.compile(r"[\w.:/@+#%,\[\]-]+", re.ASCII)
_LEVELS: Final = {"debug": " ", "info": " ", "warning": "!", "error": "‼", "critical": "‼"}


def scrub(text: str) -> str:
    """The text without anything that looks like a secret."""
    return _SECRET_TEXT.sub(REMOVED, text)


def make_log(
    now_ms: Callable[[], int], stream: TextIO | None = None, *, terminal: bool | None = None
) -> FilteringBoundLogger:
    """A log on `stream` (standard error): JSON lines, or `key=value` on a terminal.

    The last step works on the whole line, so nothing that looks like a secret gets past it,
    whichever field, sentence or traceback it sits in.
    """
    stream = sys.stderr if stream is None else stream
    render = _for_people if (stream.isatty() if terminal is None else terminal) else _for_machines

    def stamp(_logger: Any, _method: str, fields: Fields) -> Fields:
        at = dt.datetime.fromtimestamp(now_ms() / 1000, dt.UTC)
        return {"time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"), **fields}

    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.processors.add_log_level,
            stamp,
            structlog.processors.format_exc_info,
            _drop_secret_fields,
            render,
            _scrub_line,
        ],
    )
    return logger


def take_library_logs(log: FilteringBoundLogger) -> Callable[[], None]:
    """Write what libraries warn of into our log; gives a function that ends it."""
    handler = _Passing(log)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    # Strangers can make it warn with every byte they send; the metrics count what matters.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return lambda: root.removeHandler(handler)


class _Passing(logging.Handler):
    """Hands a library's record to our log."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._log.log(
                record.levelno,
                "library",
                name=record.name,
                message=record.getMessage(),
                exc_info=record.exc_info,
            )
        except Exception:  # noqa: BLE001 - a line that cannot be written must not end the work
            self.handleError(record)

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: the standard way prints the record, which was not scrubbed."""


def _scrub_line(_logger: Any, _method: str, line: Any) -> str:
    return scrub(str(line))


def _drop_secret_fields(_logger: Any, _method: str, fields: Fields) -> Fields:
    return {name: REMOVED if _is_secret(name) else _short(value) for name, value in fields.items()}


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return _cut(text, LONGEST)


def _for_machines(_logger: Any, _method: str, fields: Fields) -> str:
    return json.dumps(fields, separators=(",", ":"))


def _for_people(_logger: Any, _method: str, fields: Fields) -> str:
    rest: dict[str, Any] = dict(fields)
    time, level, event = rest.pop("time"), rest.pop("level"), rest.pop("event")
    trace = str(rest.pop("exception", ""))
    words = [time[11:23], _LEVELS.get(level, level), _harmless(event), *_pairs(rest)]
    return " ".join(words) + "".join(f"\n    {_harmless(line)}" for line in trace.splitlines())


def _pairs(fields: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}={_quoted(_cut(str(value), LONGEST_ON_SCREEN))}" for name, value in fields.items()
    ]


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else repr(value)


def _cut(text: str, longest: int) -> str:
    """Its beginning; half of a secret would not be known as one any more."""
    return text if len(text) <= longest else f"{scrub(text)[:longest]}…"


def _harmless(text: str) -> str:
    """Without what would move a terminal's cursor."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
