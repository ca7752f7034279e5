"""The dashboard and the alerts ask for nothing that a gateway does not tell."""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gateway.cli.main import main
from gateway.observe.metrics import Metrics
from gateway.observe.series import ALARMS, SILENCES
from gateway.watch import look
from tests.support.events import event, tells
from tests.support.requests import sample
from tests.support.slack_server import local_slack
from tests.support.waiting import until
from tests.support.world import APPROVE_SMALL, RULES
from tests.test_docs import COMMAND, DOCS, ROOT, anchors, code, rows, sources

DASHBOARD = json.loads((DOCS / "monitoring" / "grafana-dashboard.json").read_text("utf-8"))
RULES_FILE = yaml.safe_load((DOCS / "monitoring" / "alerts.yaml").read_text("utf-8"))
ALERTS = [rule for group in RULES_FILE["groups"] for rule in group["rules"]]

PROMETHEUS_OWN = {"up"}
BY_SCRAPING = {"instance", "job"}
VARIABLES = {"$instance": ".*", "$__rate_interval": "5m"}

Samples = dict[str, list[dict[str, str]]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> dict[str, str]:
    """Every expression, by where it stands."""
    found = {alert["alert"]: alert["expr"] for alert in ALERTS}
    for panel in panels():
        for target in panel["targets"]:
            found[f"{panel['title']} {target['refId']}"] = target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        found[f"annotation {annotation['name']}"] = annotation["expr"]
    for variable, value in VARIABLES.items():
        found = {name: expr.replace(variable, value) for name, expr in found.items()}
    assert not [name for name, expr in found.items() if "$" in expr]
    return found


def parts(expression: str, kind: type) -> list[Any]:
    """The parts of one kind, at any depth."""
    found: list[Any] = []

    def visit(part: Any) -> bool:
        if isinstance(part, kind):
            found.append(part)
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def selectors(expression: str) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    for selector in parts(expression, promql_parser.VectorSelector):
        matchers = [(one.name, str(one.op), one.value) for one in selector.matchers.matchers]
        yield selector.name, matchers


def matches(labels: dict[str, str], matchers: list[tuple[str, str, str]]) -> bool:
    """Whether a series as we tell it, before it is scraped, is selected."""
    for name, op, wanted in matchers:
        if name in BY_SCRAPING:
            continue
        found = labels.get(name)
        if found is None:
            return False
        whole = re.fullmatch(wanted, found) is not None
        same = {"Equal": found == wanted, "Re": whole, "NotEqual": found != wanted}
        if not same.get(op.removeprefix("MatchOp."), not whole):
            return False
    return True


@pytest.fixture
async def told(world, monkeypatch) -> Samples:
    """What a gateway tells after a day in short: `name` -> the labels of each series."""
    world.with_events = True
    world.rules = RULES.replace("30m", "1s") + APPROVE_SMALL
    async with local_slack() as slack:
        world.with_slack(slack.settings, monkeypatch, "socket")
        async with world.running() as house:
            await until(lambda: slack.sockets == 2)
            assert (await house.asks()).action == "APPROVE"
            assert (await tells(house, event()))[0] == 200
            await house.asks(b'{"request_type": "x"}')
            await house.asks(b'{"request_type": 0, "request_id": ""}')
            await tells(house, event(), key="stranger")
            wish = sample("keysign_eth_transfer_eip1559")
            late = asyncio.create_task(house.asks(wish))
            await until(lambda: slack.messages)
            await slack.click(slack.message, "Approve", "U0STRANGER", via="socket")
            assert (await late).error.startswith("timeout: ")
            asking = asyncio.create_task(house.asks(wish.fresh(2)))
            await house.pending()
            await _sees_deadline_and_disk(house)
            await house.votes("ana")
            assert (await asking).action == "APPROVE"
            await house.thaws("eli", await house.freezes("dee"))
            await until(lambda: _alive(house))
            status, text = await house.get("/metrics", house.running.operator.url)
    assert status == 200
    found: Samples = defaultdict(list)
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found[one.name].append(one.labels)
    return found


async def _sees_deadline_and_disk(house: Any) -> None:
    held, value = house.service._ledger.parts, house.observer.metrics.registry.get_sample_value
    await look(held.store, held.outbox, held.audit, house.observer, house.world.clock.now_ms)
    assert 0 < value("countersign_next_deadline_seconds") <= 1
    assert value("countersign_data_free_bytes") > 1


def _alive(house: Any) -> bool:
    """The parts have been looked at."""
    value = house.observer.metrics.registry.get_sample_value
    if not value("countersign_tellings_total", {"place": "slack", "how": "updated"}):
        return False
    parts_ = ("redis", "audit", "slack", "slack_path")
    return all(value("countersign_up", {"part": part}) == 1 for part in parts_)


async def test_every_query_finds_series_in_what_a_gateway_tells(told) -> None:
    empty = []
    for name, expression in queries().items():
        known: set[str] = set(BY_SCRAPING)
        for metric, matchers in selectors(expression):
            if metric in PROMETHEUS_OWN:
                assert metric not in told
                continue
            found = [labels for labels in told[metric] if matches(labels, matchers)]
            known |= {label for labels in found for label in labels}
            if not found:
                empty.append(f"{name}: {metric} {matchers}")
        for sums in parts(expression, promql_parser.AggregateExpr):
            grouped = set(sums.modifier.labels) if sums.modifier else set()
            assert grouped <= known, name
    assert empty == []


def families() -> set[str]:
    return {family.name for family in Metrics().registry.collect() if "process" not in family.name}


def asked_for() -> set[str]:
    """The families that some query asks for."""
    names = {name for expression in queries().values() for name, _ in selectors(expression)}
    return {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in names}


def test_every_metric_is_used_by_the_dashboard_or_an_alert() -> None:
    assert families() <= asked_for()


def test_no_alert_watches_what_the_guide_does_not_explain() -> None:
    guide = (DOCS / "operations.md").read_text("utf-8")
    written = set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE))
    ours = {name for expr in queries().values() for name, _ in selectors(expr)}
    ours = {re.sub(r"_bucket$", "", name) for name in ours if name.startswith("countersign_")}
    assert ours <= written


def test_an_alarm_before_the_first_scrape_wakes_too() -> None:
    """Such a counter is never seen to grow: a start after a long stop has no earlier sample."""
    waking = [a["expr"] for a in ALERTS if a["labels"]["severity"] == "critical"]
    alarming = [expr for expr in waking if "countersign_alarms_total" in expr]
    assert len(alarming) == 3
    for expr in alarming:
        counters = [each for each in selectors(expr) if each[0] == "countersign_alarms_total"]
        assert counters[0] == counters[1]
        assert " > 0 and on (instance, job) time() - process_start_time_seconds{" in expr
        assert expr.endswith("} < 600")


def test_every_alarm_and_every_silence_begins_at_zero() -> None:
    text = sources()
    alarms = set(re.findall(r"""\b_?alarm\(\s*"(\w+)",""", text))
    alarms |= set(re.findall(r"""\bAlarm\([^"]+"(\w+)",""", text))
    alarms |= {"clocks_differ", "policies_differ"}
    alarms |= {f"{did}_{how}" for did in ("signed", "used") for how in ("unknown", "rejected")}
    assert set(ALARMS) == alarms | {"signed_other"}
    assert set(SILENCES) == set(re.findall(r"""\bNoAnswer\("(\w+)"\)""", text))
    value = Metrics().registry.get_sample_value
    assert {value("countersign_alarms_total", {"what": what}) for what in ALARMS} == {0}
    assert {value("countersign_unanswered_total", {"reason": why}) for why in SILENCES} == {0}


@pytest.mark.parametrize("what", ALARMS)
def test_every_alarm_raises_one_alert(what: str) -> None:
    raised = {
        alert["alert"]
        for alert in ALERTS
        for name, matchers in selectors(alert["expr"])
        if name == "countersign_alarms_total" and matches({"what": what}, matchers)
    }
    assert len(raised) == 1


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_every_alert_says_how_bad_it_is_what_to_do_and_where_to_read_on(alert) -> None:
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in {"critical", "warning"}
    notes = alert["annotations"]
    assert notes.keys() == {"summary", "description", "runbook"}
    assert all(
        text.rstrip().endswith((".", "?")) for text in (notes["summary"], notes["description"])
    )
    page, _, anchor = notes["runbook"].partition("#")
    assert not anchor or anchor in anchors(ROOT / page)
    for words in COMMAND.findall(notes["description"]):
        assert words.split()[0].strip(":;,.") in main.commands
    grouped = [one.modifier for one in parts(alert["expr"], promql_parser.AggregateExpr)]
    for label in re.findall(r"\$labels\.(\w+)", notes["summary"] + notes["description"]):
        assert all(label in by.labels for by in grouped if by), label


def test_the_page_says_of_every_alert_whom_it_wakes() -> None:
    said = {
        name: row[1]
        for row in rows(DOCS / "monitoring.md", "What wakes whom")
        for name in code(row[0])
    }
    assert said == {alert["alert"]: alert["labels"]["severity"] for alert in ALERTS}


def test_every_panel_can_be_imported_anywhere() -> None:
    variables = {one["name"]: one["type"] for one in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "instance": "query"}
    assert DASHBOARD["id"] is None
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    titles = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert len(titles) == 6
    for panel in panels():
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        for target in panel["targets"]:
            assert "$instance" in target["expr"], panel["title"]
            legend = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            for by in parts(queries()[f"{panel['title']} {target['refId']}"], _Sum):
                assert not by.modifier or set(by.modifier.labels) >= legend, panel["title"]


_Sum = promql_parser.AggregateExpr


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_every_help_text_is_a_sentence_that_fits_a_line() -> None:
    for family in Metrics().registry.collect():
        if family.name.startswith("countersign_"):
            assert 15 < len(family.documentation) < 130, family.name
            assert family.documentation.endswith("."), family.name
            if family.name.endswith("_seconds"):
                assert family.documentation.startswith(("Seconds", "Unix time")), family.name


def test_the_file_is_as_grafana_writes_it() -> None:
    path = Path(DOCS / "monitoring" / "grafana-dashboard.json")
    assert path.read_text("utf-8") == json.dumps(DASHBOARD, indent=1, ensure_ascii=False) + "\n"
