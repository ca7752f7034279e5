"""The command `simulate`: a TSS Node for people without one."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
from typing_extensions import override

from gateway.cli.options import (
    FILE,
    READABLE,
    complete,
    config_option,
    json_option,
    package_of,
    settings_of,
)

F = TypeVar("F", bound=Callable[..., Any])

_READING: Final = click.Choice(["retry", "reject"])
_OTHER: Final = "Other options"
_MOST_AT_ONCE: Final = 500
_MOST_RATE: Final = 500
_LONGEST_S: Final = 3_600
_MOST_REQUESTS: Final = 100_000
"""Of a load; each is remembered to its end."""


class _Option(click.Option):
    """An option with the heading that it stands under in --help."""

    def __init__(self, names: list[str], *, heading: str, **rest: Any) -> None:
        super().__init__(names, **rest)
        self.heading = heading


class _Command(click.Command):
    """A command whose many options stand under headings, and which explains its misbehaviors."""

    @override
    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                heading = parameter.heading if isinstance(parameter, _Option) else _OTHER
                groups.setdefault(heading, []).append(record)
        groups[_OTHER] = groups.pop(_OTHER)  # last
        for heading, records in groups.items():
            with formatter.section(heading):
                formatter.write_dl(records)

    @override
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from gateway.simulate.book import BOOK

        with formatter.section("Misbehaviors, for --misbehave; the node"):
            formatter.write_dl([(each.name, each.does) for each in BOOK])
        with formatter.section("Exit status"):
            formatter.write_text(
                "0: it went as it should (of one request: APPROVE, or what --expect says)."
                " 1: it did not. 2: wrong usage. 3: no gateway is there."
            )
        super().format_epilog(ctx, formatter)


def _under(heading: str, *options: tuple[tuple[str, ...], dict[str, Any]]) -> Callable[[F], F]:
    """Options under one heading, in this order."""

    def decorate(function: F) -> F:
        for names, rest in reversed(options):
            function = click.option(*names, cls=_Option, heading=heading, **rest)(function)
        return function

    return decorate


def _seconds(least: float, most: float, *, least_open: bool = False) -> click.FloatRange:
    return click.FloatRange(least, most, min_open=least_open)


def _samples(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    from gateway.simulate.requests import sample_names

    return [name for name in sample_names() if name.startswith(begun)]


def _misbehaviors(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    from gateway.simulate.book import BOOK

    return [name for name in ("all", *(each.name for each in BOOK)) if name.startswith(begun)]


_what = _under(
    "What is asked",
    (("--sample", "samples"), {"multiple": True, "metavar": "NAME", "shell_complete": _samples,
      "help": "A request of the package, with new ids. Repeatable."}),
    (("--all", "every"), {"is_flag": True, "help": "Every sample of the package."}),
    (("--list-samples",), {"is_flag": True, "help": "Name the samples, and ask nothing."}),
    (("--fresh/--as-is",), {"default": None, "help": "With new ids, a request never seen before;"
      " or with the ids that it has. Samples and loads are fresh, files as they are."}),
)  # fmt: skip
_how_many = _under(
    "How many",
    (("--at-once",), {"type": click.IntRange(1, _MOST_AT_ONCE), "default": 1, "metavar": "N",
      "help": "Each request so many times at the same moment."}),
    (("--rate",), {"type": _seconds(0, _MOST_RATE, least_open=True), "metavar": "PER_SECOND",
      "help": "A load: requests in turn, so many a second."}),
    (("--for", "seconds"), {"type": _seconds(0, _LONGEST_S, least_open=True),
      "metavar": "SECONDS", "help": "How long the load lasts."}),
)  # fmt: skip
_node = _under(
    "The node",
    (("--node",), {"metavar": "NAME", "shell_complete": complete("nodes"),
      "help": "The one to play; the first if not given."}),
    (("--key",), {"type": FILE, "metavar": "FILE", "help": "Its callback private key; that of the"
      " test node if not given."}),
    (("--retry-times",), {"type": click.IntRange(0, 10_000), "metavar": "N", "help": "In place of"
      " the configured one, as the next two."}),
    (("--sleep",), {"type": _seconds(0, _LONGEST_S), "metavar": "SECONDS", "help": "Between two"
      " attempts."}),
    (("--timeout",), {"type": _seconds(0, _LONGEST_S, least_open=True), "metavar": "SECONDS",
      "help": "Of one attempt."}),
    (("--on-http-error",), {"type": _READING, "default": "retry", "show_default": True,
      "help": "What it makes of another HTTP status than 200."}),
    (("--on-bad-answer",), {"type": _READING, "default": "retry", "show_default": True,
      "help": "What it makes of an answer that it cannot believe."}),
    (("--on-error-status",), {"type": _READING, "default": "retry", "show_default": True,
      "help": "What it makes of a status other than 0."}),
)  # fmt: skip
_token = _under(
    "Its tokens",
    (("--expires-in",), {"type": int, "default": 120, "show_default": True, "metavar": "SECONDS",
      "help": "How long a token lives; below 0, it has expired."}),
    (("--clock-skew",), {"type": _seconds(-86_400, 86_400), "default": 0.0, "metavar": "SECONDS",
      "help": "How fast its clock is; below 0, how slow."}),
    (("--iss",), {"metavar": "TEXT", "help": "Its name in the claims; none if not given."}),
    (("--no-typ",), {"is_flag": True, "help": "A header without typ."}),
)  # fmt: skip
_after = _under(
    "After an approval",
    (("--events",), {"type": click.Choice(["succeeded", "failed", "none"]), "default": "none",
      "show_default": True, "help": "What it reports of the signature, to /v2/event."}),
    (("--event-key",), {"type": FILE, "metavar": "FILE", "help": "Its event private key; that of"
      " the test node if not given."}),
    (("--event-shape",), {"type": click.Choice(["guide", "sdk"]), "default": "sdk",
      "show_default": True, "help": "Cobo documents two."}),
)  # fmt: skip
_checks = _under(
    "What should come",
    (("--expect",), {"type": click.Choice(["approve", "reject", "none"]), "help": "Exit status 0"
      " only if every request ended so; none: without an answer."}),
    (("--misbehave", "names"), {"multiple": True, "metavar": "NAME|all",
      "shell_complete": _misbehaviors,
      "help": "Misbehave in place of asking, and say whether the gateway did what it should."
      " Repeatable; see below."}),
)  # fmt: skip


@click.command(cls=_Command, short_help="Play a TSS Node against the running gateway.")
@click.argument("requests", metavar="[REQUEST.json]...", nargs=-1, type=READABLE)
@_what
@_how_many
@_node
@_token
@_after
@_checks
@json_option
@config_option
def simulate(**given: Any) -> None:
    """Play a TSS Node against the running gateway, and check every answer.

    \b
    countersign simulate --sample keysign_erc20_usdt
    countersign simulate --all --timeout 2 --retry-times 0
    countersign simulate --sample bad_hash_mismatch --expect reject
    countersign simulate --sample bad_hash_mismatch --rate 20 --for 30
    countersign simulate --misbehave all

    One request is told attempt by attempt; several are asked at the same time, and counted.
    """  # noqa: D301 - click's mark for lines that stay as they are
    from gateway.simulate import command
    from gateway.simulate.requests import sample_names, wishes

    _refuse_contradictions(given)
    if given["list_samples"]:
        command.list_samples(as_json=given["as_json"])
        return
    samples = sample_names() if given["every"] else given["samples"]
    crowd = given["rate"] is not None or given["at_once"] > 1
    fresh = True if given["fresh"] is None and crowd else given["fresh"]
    packages = tuple((path.stem, package_of(path)) for path in given["requests"])
    wished = wishes(packages, samples, fresh=fresh)
    twin, as_json = _twin(given), given["as_json"]
    if given["names"]:
        book = _book(given["names"])
        command.misbehave(settings_of(given["config"]), twin, book, as_json=as_json)
        return
    outcome = given["events"]
    wanted = command.Wanted(
        twin,
        wished,
        at_once=given["at_once"],
        profile=None if given["rate"] is None else command.Profile(given["rate"], given["seconds"]),
        expected=given["expect"],
        events=None
        if outcome == "none"
        else command.Events(outcome, given["event_shape"], given["event_key"]),
        as_json=as_json,
    )
    command.simulate(settings_of(given["config"]), wanted)


def _refuse_contradictions(given: dict[str, Any]) -> None:
    named = bool(given["requests"] or given["samples"] or given["every"])
    if given["names"] and named:
        raise click.UsageError("--misbehave makes its own requests: name no others.")
    if not (named or given["names"] or given["list_samples"]):
        raise click.UsageError(
            "Name what to ask: REQUEST.json, --sample NAME or --all; or --misbehave all."
        )
    if (given["rate"] is None) != (given["seconds"] is None):
        raise click.UsageError("A load takes both: --rate PER_SECOND and --for SECONDS.")
    if (given["rate"] or 0) * (given["seconds"] or 0) > _MOST_REQUESTS:
        raise click.UsageError(f"A load has at most {_MOST_REQUESTS:,} requests.")
    if given["rate"] is not None and given["at_once"] > 1:
        raise click.UsageError("Name --at-once or a load, not both.")


def _twin(given: dict[str, Any]) -> Any:
    from gateway.simulate.attempts import USUAL, Knobs
    from gateway.simulate.twin import Patience, Twin

    knobs = Knobs(
        header=b'{"alg":"RS256"}' if given["no_typ"] else USUAL.header,
        claims={} if given["iss"] is None else {"iss": given["iss"]},
        expires_in_s=given["expires_in"],
        on_http_error=given["on_http_error"],
        on_bad_answer=given["on_bad_answer"],
        on_error_status=given["on_error_status"],
    )
    patience = Patience(given["retry_times"], given["sleep"], given["timeout"])
    skew_ms = round(given["clock_skew"] * 1000)
    return Twin(given["node"], given["key"], patience, knobs, skew_ms)


def _book(names: tuple[str, ...]) -> Any:
    """The misbehaviors of these names, in the order of the book."""
    from gateway.simulate.book import BOOK

    unknown = set(names) - {each.name for each in BOOK} - {"all"}
    if unknown:
        listed = ", ".join(sorted(unknown))
        raise click.UsageError(f"No misbehavior is called {listed}: see `simulate --help`.")
    return [each for each in BOOK if "all" in names or each.name in names]
