"""`make chaos`: seasons in four cities, judged; exit status 1 if any promise was broken."""

import argparse
import asyncio
import logging
import random
import resource
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from tests.chaos.city import Plan
from tests.chaos.judge import judged
from tests.chaos.preflight import PROBES, season_of
from tests.chaos.report import story, summary
from tests.chaos.sabotage import GUARDS
from tests.chaos.season import Season, lived

CITIES: Final = {
    "always": (Plan(gateways=3, fsync="always"), 0.65),
    "everysec": (Plan(gateways=1, fsync="everysec", may_forget=True), 0.15),
    "embedded": (Plan(gateways=1, fsync=None), 0.1),
    "sentinel": (Plan(gateways=2, fsync=None, sentinels=True, may_forget=True), 0.1),
}
"""Three gateways over a Redis that keeps what it acknowledged; one over a Redis that loses its
last moments; one with a server of its own; two over a master that is killed.
The share is of the requests."""


def main() -> None:
    """Run the seasons that were asked for."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it complains of our own faults
    options = _options()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    click.echo(f"seed {seed}: the same seed makes the same plan, not the same timing")
    wrong = 0 if options.guard or options.no_preflight else asyncio.run(_preflight(seed))
    for number, (name, (plan, share)) in enumerate(CITIES.items()):
        if options.city not in {name, "all"}:
            continue
        requests = options.requests if options.city == name else int(options.requests * share)
        season = Season(
            name,
            replace(plan, guard=options.guard),
            max(1, requests),
            seed + number,
            in_flight=options.in_flight,
            a_second=options.rate,
            every_s=options.every,
            minutes=options.minutes * (1.0 if options.city == name else share),
            faults=not options.calm,
            only=tuple(options.only),
            settle_s=options.settle,
            first=number * 10_000_000,
        )
        outcome = asyncio.run(lived(season, options.keep))
        found = judged(outcome.trial)
        wrong += len(found)
        click.echo(f"\n{name}: {outcome.took_s:.0f} s")
        click.echo("\n".join(summary(outcome.trial)))
        click.echo(f"violations        {len(found)}")
        for violation in found[: options.stories]:
            click.echo("\n".join(story(violation, outcome.trial)))
    click.echo(f"\nseed {seed}, violations {wrong}")
    sys.exit(1 if wrong else 0)


async def _preflight(seed: int) -> int:
    """Break every guard once; the number of those whose loss the judge did not see."""
    blind = 0
    for guard, probe in PROBES.items():
        outcome = await lived(season_of(guard, seed))
        seen = {violation.promise for violation in judged(outcome.trial)} & probe.promises
        word = f"seen: {', '.join(sorted(seen))}" if seen else "NOT SEEN"
        click.echo(f"without {guard:<12} {word} ({outcome.took_s:.0f} s)")
        blind += not seen
    return blind


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--city", choices=[*CITIES, "all"], default="all")
    parser.add_argument("--break", dest="guard", choices=sorted(GUARDS))
    parser.add_argument("--in-flight", type=int, default=150)
    parser.add_argument("--rate", type=float, default=24.0)
    parser.add_argument("--every", type=float, default=1.2)
    parser.add_argument("--settle", type=float, default=60.0)
    parser.add_argument("--no-preflight", action="store_true")
    parser.add_argument("--calm", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--stories", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
