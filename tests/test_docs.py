"""What the documents say is so: links, commands, keys, examples, numbers."""

import ast
import importlib
import re
import shlex
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from click.testing import CliRunner

import approvals.inspect
from approvals.acquaintance import Oddity
from approvals.audit import KEPT
from approvals.chains.methods import _known
from approvals.chains.tables import SHIPPED
from approvals.findings import Kind
from approvals.inspect import inspect
from approvals.inspect.solana.doing import SIGNATURE_FEE, TOKEN_ACCOUNT_RENT
from approvals.inspect.tron import ACTIVATION, BYTES_BESIDE, MEMO, SUN_PER_BYTE
from approvals.inspect.tron_fields import trx
from approvals.policy import PolicyError, load, spoken
from approvals.policy.facts import CLAIMABLE
from approvals.policy.judge import judge
from approvals.policy.model import APPROVABLE
from approvals.policy.spoken import spoken_escalation
from approvals.request import Request
from approvals.risks import RISKS
from approvals.window import Window
from gateway.cli import examples
from gateway.cli.main import main
from gateway.config import file as config
from gateway.config.tables import Reader
from gateway.doors.wire import parse
from gateway.observe.metrics import Metrics
from gateway.setup.init import Plan, what_next
from notifiers.words.doubts import SAYS
from notifiers.words.warnings import ODDITY_NAMES, RISK_NAMES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "compose").glob("*.md")])
EXAMPLES = sorted((DOCS / "examples").glob("*.toml"))
SAMPLES = ROOT / "gateway" / "samples"
README = (ROOT / "README.md").read_text("utf-8")

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?<!-u)(?:^|[\s/`$])countersign((?: +[^\s`#|&;]+)+)")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    text = FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ +(.+?)\s*$", text, re.MULTILINE)
    slugs = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {slug.replace(" ", "-") for slug in slugs}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"https?:|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def commands(page: Path) -> Iterator[list[str]]:
    """The words after `countersign` in shell blocks and in code between backticks."""
    text = page.read_text("utf-8")
    shell = [body.replace("\\\n", " ") for kind, body in FENCE.findall(text) if kind == "sh"]
    inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    for code in (*shell, *inline):
        for words in COMMAND.findall(code):
            yield shlex.split(words.replace("'", ""))


def all_commands() -> list[Any]:
    return [
        pytest.param(words, id=f"{named(page)}: {' '.join(words)}")
        for page in PAGES
        for words in commands(page)
    ]


def every_command(group: click.Group = main, within: str = "") -> Iterator[tuple[str, Any]]:
    """Each command that does something, by the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, f"{within}{name} ")
        else:
            yield f"{within}{name}", command


def test_every_example_is_of_a_command_and_every_command_has_one() -> None:
    assert set(examples.EXAMPLES) == {name for name, _ in every_command()}


@pytest.mark.parametrize(
    ("name", "command"), [pytest.param(*each, id=each[0]) for each in every_command()]
)
def test_the_help_fits_80_columns_and_its_examples_are_understood(
    name: str, command: click.Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = CliRunner().invoke(main, [*name.split(), "--help"]).output
    assert max(map(len, shown.splitlines())) <= 80
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERSIGN_SSH_KEY", "key")
    for example in examples.EXAMPLES[name]:
        assert f"\n    countersign {example}\n" in shown
        words = shlex.split(example)
        assert words[: name.count(" ") + 1] == name.split()
        understand(command, words[name.count(" ") + 1 :], tmp_path)


def understand(command: click.Command, words: list[str], home: Path) -> None:
    """What click says of a command's words, where all files that are named are there."""
    called = takewhile(lambda word: not word.startswith(">"), words)
    here = [word.replace("~", str(home)) for word in called]
    for word in here:
        if re.search(r"\.\w+$|/audit$|^archive$", word):
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
    command.make_context(None, here)


@pytest.mark.parametrize("words", all_commands())
def test_every_command_that_is_named_exists_and_is_understood(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in command.commands
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known | {"--help"}
    if words and "--help" not in words:  # without any it is named, not called
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COUNTERSIGN_SSH_KEY", "key")
        understand(command, words, tmp_path)


def test_every_command_stands_in_some_document() -> None:
    def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from leaves(command, (*path, name))
            else:
                yield (*path, name)

    written = [words for page in PAGES for words in commands(page)]
    for leaf in leaves(main):
        assert any(tuple(words[: len(leaf)]) == leaf for words in written), leaf


def verdicts(example: Path) -> list[tuple[str, str]]:
    return re.findall(r"^# (\w+\.json): (.+)$", example.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_every_example_says_what_it_makes_of_the_samples(example: Path) -> None:
    policy = load(example.read_text("utf-8"), source=example.name)
    assert verdicts(example)
    for sample, expected in verdicts(example):
        request = parse((SAMPLES / sample).read_bytes(), "node-1")
        assert isinstance(request, Request)
        findings = inspect(request, policy.tables)
        assert spoken(judge(findings, policy)) == expected, sample


def test_the_examples_that_call_somebody_say_whom_and_when() -> None:
    calling = 0
    for example in EXAMPLES:
        text = example.read_text("utf-8")
        policy = load(text, source=example.name)
        said = re.findall(r"^# (\w+\.json) calls (.+)$", text, re.MULTILINE)
        assert bool(said) == ("escalate" in text), example
        for sample, expected in said:
            request = parse((SAMPLES / sample).read_bytes(), "node-1")
            assert isinstance(request, Request)
            verdict = judge(inspect(request, policy.tables), policy)
            assert ", ".join(map(spoken_escalation, verdict.escalations)) == expected, sample
            calling += 1
    assert calling


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_an_example_warns_of_nothing_but_the_claims_it_is_about(example: Path) -> None:
    warnings = load(example.read_text("utf-8"), source=example.name).warnings
    assert example.name == "by-wallet.toml" or not warnings


def test_the_page_about_rules_lists_every_example() -> None:
    page = (DOCS / "rules.md").read_text("utf-8")
    assert all(f"](examples/{example.name})" in page for example in EXAMPLES)


def test_the_rules_that_the_pages_show_load() -> None:
    frame = """
        [people.ana]
        slack = "U024ANA"
        [people.bo]
        slack = "U024BO"
        [people.dee]
        slack = "U024DEE"
        [groups]
        treasury = ["ana", "bo"]
        on_call = ["dee"]
        [lists]
        own_cold = ["ETH:0xd63134CC52B0CC0bb754A0196bc249F38BDB2A2c"]
        [ask]
        approvals = [{ group = "treasury", count = 1 }]
        within = "30m"
        """
    shown = [
        body
        for page in PAGES
        for kind, body in FENCE.findall(page.read_text("utf-8"))
        if kind == "toml" and "[[rule]]" in body
    ]
    assert len(shown) > 1
    for body in shown:
        assert load(frame + body).warnings == ()


def documented(page: str) -> dict[str, set[str]]:
    """Section -> the keys in the first column of its tables."""
    found: dict[str, set[str]] = defaultdict(set)
    section = ""
    for line in (DOCS / page).read_text("utf-8").splitlines():
        if line.startswith("#"):
            section = line.strip("# `")
        elif line.startswith("| `"):
            found[section].update(re.findall(r"`(\w+)`", line.split("|")[1]))
    return found


FULL_CONFIG = """
[gateway]
[[tss_node]]
name = "node-1"
callback_public_key = "a.pem"
retry_times = 1
sleep_seconds = 1
request_timeout = 1
private_key = "b.pem"
event_public_key = "d.pem"
[keys]
private_key = "b.pem"
seal_key = "c.key"
[redis]
[[notify]]
name = "siem"
kind = "webhook"
url = "https://siem.acme.example/hook"
secret = { env = "D" }
[slack]
workspace = "T0ACME"
channel = "C0APPROVALS"
bot_token = { env = "A" }
app_token = { env = "B" }
signing_secret = { env = "C" }
"""


def test_every_setting_is_documented_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: dict[str, set[str]] = defaultdict(set)
    take = Reader.take

    def noting(self: Reader, key: str) -> Any:
        read[re.sub(r" number \d+", "", self._where)].add(key)
        return take(self, key)

    monkeypatch.setattr(Reader, "take", noting)
    (tmp_path / "countersign.toml").write_text(FULL_CONFIG)
    config.load_for_operator(tmp_path / "countersign.toml")
    sections = read.pop("")
    pages = documented("configuration.md")
    assert {name.strip("[]") for name in read} == sections - {"[[tss_node]]"}
    assert {name: pages[name] for name in read} == read


FULL_POLICY = """
people.ana = { slack = "U024ANA", wrong = 1 }
groups.all = ["ana"]
chains.ACME_ETH = { eip155 = 4242, wrong = 1 }
tokens.ACME_USD = { chain = "ETH", symbol = "A", decimals = 6, wrong = 1 }
contracts.router = { wrong = 1 }
wrong = 1
[ask]
approvals = [{ group = "all", count = 1, wrong = 1 }]
within = "1m"
escalate = [{ wrong = 1 }]
wrong = 1
[override]
wrong = 1
[[rule]]
id = "a"
why = "b"
effect = "ask"
when.wrong = 1
wrong = 1
[[test]]
given = "a"
expect = "ask"
wrong = 1
"""
POLICY_TABLES = {
    *("people", "groups", "chains", "tokens", "contracts"),
    *("lists", "ask", "override", "rule", "test"),
}


def test_every_key_of_a_policy_is_documented() -> None:
    with pytest.raises(PolicyError) as caught:
        load(FULL_POLICY)
    pages = documented("rules.md")
    places = {
        "wrong": "At the top",
        "people.ana.wrong": "[people.NAME]",
        "chains.ACME_ETH.wrong": "[chains.ID]",
        "tokens.ACME_USD.wrong": "[tokens.ID]",
        "contracts.router.wrong": "[contracts.NAME]",
        "ask.wrong": "[ask]",
        "ask.escalate[1].wrong": "[[ask.escalate]]",
        "override.wrong": "[override]",
        "rule[1].wrong": "[[rule]]",
        "rule[1].when.wrong": "when",
        "test[1].wrong": "[[test]]",
    }
    for mistake in caught.value.mistakes:
        if mistake.key in places:
            words = re.split(r"known here: |known are ", mistake.expected)[-1].rstrip(".")
            known = set(words.split(", ")) - (POLICY_TABLES if mistake.key == "wrong" else set())
            assert known == pages[places.pop(mistake.key)], mistake.key
    assert not places


VERIFIED = DOCS / "what-is-verified.md"
CLAIMED = {"wallet", "vault", "initiator", "initiator_type", "category"}


def rows(page: Path, heading: str) -> list[list[str]]:
    """The cells of every row of the tables below a heading, without the heads of the tables."""
    section = page.read_text("utf-8").partition(f"# {heading}\n")[2]
    section = re.split(r"^#+ ", section, maxsplit=1, flags=re.MULTILINE)[0]
    heads = re.sub(r"^\|.*\|\n(?=\|[-|]+\|$)", "", section, flags=re.MULTILINE)
    lines = [line for line in heads.splitlines() if re.match(r"\| (?!-)", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_flag_is_explained_the_worst_first() -> None:
    found = rows(VERIFIED, "The flags")
    assert [(code(row[0]), row[1]) for row in found] == [([r], RISK_NAMES[r]) for r in RISKS]
    settling = {code(row[0])[0] for row in found if row[4].startswith("yes")}
    assert settling == set(RISKS) - CLAIMABLE
    assert all(row[4] == "never" or row[4].startswith("yes") for row in found)


def test_the_page_about_rules_names_every_flag_and_those_that_never_settle() -> None:
    (row,) = [row for row in rows(DOCS / "rules.md", "`when`") if code(row[0]) == ["flags_any"]]
    assert code(row[2]) == list(RISKS)
    section = (DOCS / "rules.md").read_text("utf-8").partition("### Risks\n")[2]
    (sentence,) = re.findall(r"\. (`blind`[^.]*) can be brought about", " ".join(section.split()))
    assert set(code(sentence)) == CLAIMABLE


def test_every_remark_is_explained() -> None:
    found = {code(row[0])[0]: row[1] for row in rows(VERIFIED, "The remarks")}
    assert found == ODDITY_NAMES
    assert set(found) == set(get_args(Oddity))


def test_every_kind_is_explained() -> None:
    found = {code(row[0])[0]: row[2] for row in rows(VERIFIED, "The kinds")}
    assert set(found) == set(get_args(Kind))
    assert {kind for kind, answer in found.items() if answer != "no"} == APPROVABLE
    (row,) = [row for row in rows(DOCS / "rules.md", "`when`") if code(row[0]) == ["kind"]]
    assert set(code(row[2])) == set(found) | {"key_sign"}


def test_conditions_that_rest_on_a_claim_are_marked_and_no_others() -> None:
    table = rows(DOCS / "rules.md", "`when`")
    assert {code(row[0])[0] for row in table if row[1] == "claimed"} == CLAIMED
    assert {row[1] for row in table} == {"claimed", "proved", "proved, or not"}


def test_every_chain_that_ships_is_in_the_table_of_families() -> None:
    families = {"EVM": "evm", "Tron": "tron", "Solana": "solana", "Bitcoin": "bitcoin"}
    found = {
        chain: families.get(row[1], "other")
        for row in rows(VERIFIED, "How the chain is known")
        for chain in code(row[0])
    }
    assert found == {id_: chain.family for id_, chain in SHIPPED.chains.items()}


def test_every_well_known_method_is_on_the_page() -> None:
    named = set(code(VERIFIED.read_text("utf-8")))
    assert {method.name for method in _known().values()} <= named


def test_every_check_is_explained() -> None:
    numbers = re.findall(r"^ ?(\d+)\. ", approvals.inspect.__doc__ or "", re.MULTILINE)
    assert len(numbers) == 16
    assert [row[0] for row in rows(VERIFIED, "The checks")] == numbers
    assert "Sixteen checks" in (DOCS / "how-it-decides.md").read_text("utf-8")


def bounds() -> list[tuple[str, str]]:
    """What the tables of bounds say: the constant, and its figure."""
    found = rows(VERIFIED, "The bounds")
    assert len(found) > 30
    return [(code(row[-1])[0], row[0]) for row in found]


@pytest.mark.parametrize(("constant", "said"), bounds())
def test_every_bound_is_the_one_in_the_code(constant: str, said: str) -> None:
    module, _, name = constant.rpartition(".")
    figure = re.match(r"[0-9,]+", said)
    assert figure is not None
    assert getattr(importlib.import_module(f"approvals.{module}"), name) == int(
        figure[0].replace(",", "")
    )


def test_the_prices_behind_fees_are_those_in_the_code() -> None:
    page = " ".join(VERIFIED.read_text("utf-8").split())
    assert f"{SIGNATURE_FEE:,} lamports for each signature" in page
    assert f"{TOKEN_ACCOUNT_RENT:,} lamports of rent" in page
    assert f"| {trx(ACTIVATION)}, as the receiver's account may be new |" in page
    assert f"| {trx(MEMO)} |" in page
    assert f"| {trx(SUN_PER_BYTE)} for each byte, of which there are {BYTES_BESIDE} beside" in page


def test_every_bound_of_the_checks_is_documented() -> None:
    named = set()
    for path in (ROOT / "approvals" / "inspect").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT / "approvals").with_suffix("").parts)
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target).startswith("MAX_"):
                named.add(f"{module}.{ast.unparse(node.target)}")
    assert len(named) > 15
    assert named <= {constant for constant, _ in bounds()}


def test_every_event_of_the_audit_is_in_the_operators_guide() -> None:
    found = [code(row[0])[0] for row in rows(DOCS / "operations.md", "What is where")]
    kept = {re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower() for event in KEPT}
    assert set(found[-len(kept) :]) == kept


def test_every_record_of_a_decision_is_one_page_and_numbered() -> None:
    pages = sorted((DOCS / "adr").glob("*.md"))
    for number, page in enumerate(pages, start=1):
        text = page.read_text("utf-8")
        assert page.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number}. ")
        parts = ["Context", "Decision", "What we gave up"]
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == parts
        assert text.count("\n") <= 75


def test_the_readme_leads_to_a_manifest_and_the_guide_to_both() -> None:
    assert "](docs/slack-app-manifest.yaml)" in README
    guide = (DOCS / "slack.md").read_text("utf-8")
    assert all(f"]({each.name})" in guide for each in DOCS.glob("slack-app-manifest*.yaml"))


def test_the_index_leads_to_every_page() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    pages = {page.name for page in DOCS.glob("*.md")} - {"README.md"}
    assert pages <= {link.partition("#")[0] for link in LINK.findall(index)}


def test_the_map_of_the_house_has_every_room() -> None:
    rooms = re.findall(r"`([a-z/]+)/`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    inits = [*ROOT.glob("*/__init__.py"), *ROOT.glob("*/*/__init__.py")]
    packages = {init.parent.relative_to(ROOT).as_posix() for init in inits}
    assert {one for one in packages if not one.startswith("tests")} <= set(rooms)


def test_the_first_screen_leads_to_a_click() -> None:
    screen = README.splitlines()[:62]
    steps = re.findall(r"^\*\*(\d)\. .*?\*\* \((.+?)\)", "\n".join(screen), re.MULTILINE)
    assert [number for number, _ in steps] == list("12345")
    assert all(re.search(r"\d (s|min)\b", takes) for _, takes in steps)
    assert "countersign simulate --sample keysign_erc20_usdt" in screen


TARGETS = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
HOME_OF_KEYS = re.compile(r"keys/(?!.*\.py$)|compose/made/")
"""What lies in the folder of a configuration, and is made."""


def snippets(page: Path) -> Iterator[str]:
    """What stands in shell blocks, and between backticks."""
    text = page.read_text("utf-8")
    yield from (body for kind, body in FENCE.findall(text) if kind == "sh")
    yield from re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_target_of_make_that_is_named_is_there(page: Path) -> None:
    called = (re.findall(r"^make (\w+)", snippet, re.MULTILINE) for snippet in snippets(page))
    assert {target for found in called for target in found} <= TARGETS


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_of_the_repository_that_is_named_is_there(page: Path) -> None:
    rooms = "approvals|compose|docs|gateway|keys|notifiers|requirements|tests"
    for snippet in snippets(page):
        path, _, _ = snippet.partition("::")
        if re.fullmatch(rf"(?:{rooms})/[\w./-]+", path) and not HOME_OF_KEYS.match(path):
            assert (ROOT / path).exists(), path


def test_what_prints_json_is_listed() -> None:
    guide = (DOCS / "operations.md").read_text("utf-8")
    sentence = guide.partition("With `--json` these print one document")[2].partition(".\n")[0]
    can = {
        name
        for name, command in every_command()
        if any("--json" in parameter.opts for parameter in command.params)
    }
    assert set(code(sentence)) == can


def test_the_readme_shows_the_nodes_settings_as_init_prints_them() -> None:
    shown = next(body for kind, body in FENCE.findall(README) if body.startswith("callback:"))
    printed = what_next(Plan(Path("x"), "ana"))
    assert "".join(f"   {line}\n" for line in shown.splitlines()) in printed


def test_the_table_of_windows_is_computed_right() -> None:
    rows = re.findall(
        r"^\| (\d+) / (\d+) / (\d+) .*\| (\d+) (min|s) \| (\d+) % \| (\d+) s \|$",
        (DOCS / "configuration.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert len(rows) == 3
    for retries, sleep, timeout, people, unit, share, late in rows:
        window = Window(int(retries), int(sleep) * 1000, int(timeout) * 1000)
        per = 60_000 if unit == "min" else 1000
        assert round(window.people_have_ms / per) == int(people)
        assert round(window.listening_share * 100) == int(share)
        assert window.worst_delay_ms == int(late) * 1000


def sources() -> str:
    rooms = ("approvals", "gateway", "notifiers")
    return "\n".join(
        path.read_text("utf-8") for room in rooms for path in (ROOT / room).rglob("*.py")
    )


def test_every_metric_alarm_and_reason_for_silence_is_in_the_operators_guide() -> None:
    guide = (DOCS / "operations.md").read_text("utf-8")
    metrics = Metrics().registry.collect()
    names = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in metrics
        if family.name.startswith("countersign_")
    }
    code = sources()
    alarms = set(re.findall(r"""\b_?alarm\(\s*"(\w+)",""", code))
    alarms |= set(re.findall(r"""\bAlarm\([^"]+"(\w+)",""", code))
    alarms |= set(SAYS)
    reasons = set(re.findall(r"""\bNoAnswer\("(\w+)"\)""", code))
    assert len(names) > 10
    assert len(alarms) > 10
    assert len(reasons) > 5
    written = set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE))
    assert names | alarms | reasons <= written


def toml_blocks() -> list[Any]:
    return [
        pytest.param(body, id=f"{named(page)}: {body.split()[0]}")
        for page in PAGES
        for kind, body in FENCE.findall(page.read_text("utf-8"))
        if kind == "toml"
    ]


@pytest.mark.parametrize("body", toml_blocks())
def test_every_toml_block_is_of_settings_that_are_known(body: str, tmp_path: Path) -> None:
    shown = set(tomllib.loads(body))
    tables = re.split(r"(?m)^(?=\[)", FULL_CONFIG)
    if not shown <= {name for table in tables for name in re.findall(r"^\[+(\w+)", table)}:
        assert shown <= documented("rules.md")["At the top"] | POLICY_TABLES
        return
    others = (each for each in tables if not set(re.findall(r"^\[+(\w+)", each)) & shown)
    (tmp_path / "countersign.toml").write_text("".join(others) + body)
    config.load_for_operator(tmp_path / "countersign.toml")
