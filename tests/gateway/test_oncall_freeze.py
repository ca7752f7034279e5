"""`freeze`, `thaw` and `list --freezes` as typed at a terminal, against a gateway process."""

import json

import pytest
from click.testing import CliRunner

from gateway.cli.completing import complete
from gateway.cli.main import main
from gateway.oncall import freezes, listing, page
from tests.support.home import made, on_call
from tests.support.waiting import PATIENCE_S

ADDRESS = "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = on_call(made(tmp_path_factory.mktemp("freezing") / "home"))
    with home.served():
        yield home


def run(home, *words, key=None):
    signing = () if key is None else ("--reason", "an alarm", "--key", str(home.folder / key))
    return CliRunner().invoke(main, [*words, *signing, "--config", str(home.config)])


def documents(home):
    return json.loads(run(home, "list", "--freezes", "--json").output)


@pytest.fixture(autouse=True)
def nothing_is_frozen_afterwards(home):
    yield
    for freeze in documents(home):
        for key in ("dee", "eli"):
            run(home, "thaw", freeze["id"], key=key)
    assert documents(home) == []


def test_one_freezes_and_two_thaw(home):
    frozen = run(home, "freeze", key="dee")
    assert frozen.exit_code == 0, frozen.output
    (standing,) = documents(home)
    command = f"countersign thaw {standing['id']} --reason …"
    rest = "What waits for people is refused, and no approval is given."
    assert frozen.output.splitlines() == [
        f"Frozen: everything (freeze {standing['id']}). {rest}",
        f"To thaw it, 2 of on_call must run: {command}",
    ]
    first = run(home, "thaw", key="eli")
    assert first.exit_code == 0, first.output
    lines = first.output.splitlines()
    assert lines[0] == f"SIGNING IS FROZEN: everything (freeze {standing['id']})"
    assert lines[-2:] == [
        f"Counted: thaw everything (freeze {standing['id']})",
        f"1 of 2: another of on_call must run: {command}",
    ]
    again = run(home, "thaw", key="eli")
    assert again.exit_code == 1
    assert "You have voted to thaw it already. 1 of 2: another of on_call" in again.output
    second = run(home, "thaw", standing["id"], key="dee")
    assert second.output.splitlines()[-1] == (
        f"Thawed: everything (freeze {standing['id']}). Nothing is frozen any more."
    )
    assert run(home, "list", "--freezes").output == "Nothing is frozen.\n"


def test_list_and_show_begin_with_what_is_frozen(home):
    with home.asked() as asked:
        run(home, "freeze", "--wallet", "another", key="dee")
        headline = f"SIGNING IS FROZEN: wallet another (freeze {documents(home)[0]['id']})"
        shown = run(home, "show", asked.request_id).output
        assert shown.splitlines()[0] == headline
        assert "an alarm" in shown.splitlines()[1]
        first, *rest = run(home, "list").output.splitlines()
        assert first.split("\t")[3] == headline
        assert any(asked.request_id in line for line in rest)
        machine = json.loads(run(home, "show", asked.request_id, "--json").output)
        assert [each["wallet"] for each in machine["freezes"]] == ["another"]
        listed = json.loads(run(home, "list", "--json").output)
        assert asked.request_id in [each["request_id"] for each in listed]


def test_what_was_asked_and_is_frozen_says_so(home):
    with home.asked() as asked:
        run(home, "freeze", "--from", ADDRESS, key="dee")
        assert asked.conclusion.error.startswith("frozen: signing is frozen (freeze ")
        shown = run(home, "show", asked.request_id).output
        assert "Rejected: signing is frozen (freeze " in shown


def test_a_terminal_gets_it_in_80_columns_with_commands_in_one_piece(home, monkeypatch, capsys):
    run(home, "freeze", "--from", ADDRESS, key="dee")
    for module in (page, freezes):
        monkeypatch.setattr(module, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    listing.list_approvals(home.settings, listing.Filter(), as_json=False)
    shown = capsys.readouterr().out
    (standing,) = documents(home)
    assert f"  {standing['wanted']}\n" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_machines_read_json_whether_it_was_done_or_not(home):
    said = json.loads(run(home, "freeze", "--json", key="dee").stdout)
    assert (said["done"], said["verb"], said["what"]) == (True, "freeze", "frozen")
    assert [each["id"] for each in said["freezes"]] == [said["freeze"]]
    said = json.loads(run(home, "thaw", "--json", key="dee").stdout)
    assert (said["done"], said["what"], len(said["freezes"][0]["thaws"])) == (True, "thaw_voted", 1)
    refused = run(home, "thaw", "9-abcd", "--json", key="dee")
    assert refused.exit_code == 1
    said = json.loads(refused.stdout)
    assert (said["done"], said["verb"]) == (False, "thaw")
    assert said["error"] == "No freeze 9-abcd stands: see `countersign list --freezes`."


def test_which_freeze_must_be_said_where_several_stand_or_none(home):
    none = run(home, "thaw", key="dee")
    assert (none.exit_code, none.output) == (1, "Nothing is frozen.\n")
    run(home, "freeze", key="dee")
    run(home, "freeze", "--wallet", "w-1", key="eli")
    several = run(home, "thaw", key="dee")
    assert several.exit_code == 1
    ids = [each["id"] for each in documents(home)]
    assert several.output.splitlines() == [
        "2 freezes stand: name the one to thaw.",
        f"  {ids[0]}  everything",
        f"  {ids[1]}  wallet w-1",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", ADDRESS[:-1]], "is no address that we know: nothing would be frozen"),
        (["--from", ADDRESS, "--wallet", "w"], "Name one of --wallet and --from"),
        (["--wallet", ""], "a freeze is of everything, of one wallet, or of one address"),
        (["--from", ""], "a freeze is of everything, of one wallet, or of one address"),
        (["--wallet", "w 1"], "at most 200 characters and no space"),
    ],
    ids=lambda value: "",
)
def test_a_mistyped_freeze_is_a_usage_error_and_freezes_nothing(home, words, said):
    result = run(home, "freeze", *words, key="dee")
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert documents(home) == []


def test_who_is_not_on_call_is_told_who_is(home):
    result = run(home, "freeze", key=home.key)
    assert result.exit_code == 1
    assert result.output == "You are not on call, so this does not count; these may: dee, eli.\n"


def test_a_policy_file_that_does_not_load_stops_no_freeze(home):
    path = home.settings.policy
    text = path.read_text()
    path.write_text("nonsense")
    try:
        assert run(home, "freeze", key="dee").exit_code == 0
        assert len(documents(home)) == 1
    finally:
        path.write_text(text)


def test_policy_check_says_who_may_freeze_and_override(home):
    path = home.settings.policy
    text = path.read_text()
    said = run(home, "policy", "check").output
    assert "freeze: dee, eli may, each alone; 2 of them thaw\n" in said
    assert "override" not in said
    try:
        path.write_text(f'{text}\n[override]\ngroup = "on_call"\napprove = 2\nreject = 1\n')
        said = run(home, "policy", "check").output
        sentence = "2 of on_call (dee, eli) approve in place of those who are asked, 1 rejects"
        assert f"override: {sentence}\n" in said
        document = json.loads(run(home, "policy", "check", "--json").output)
        assert document["override"]["approve"] == 2
        assert document["on_call"] == ["dee", "eli"]
        path.write_text(text.replace('on_call = ["dee", "eli"]', 'on_call = ["dee"]'))
        assert "nobody could thaw" in run(home, "policy", "check").output
        path.write_text(text.replace('on_call = ["dee", "eli"]', ""))
        assert "freeze: nobody may" in run(home, "policy", "check").output
    finally:
        path.write_text(text)


def test_who_is_no_approver_is_told_who_is(home):
    with home.asked() as asked:
        result = run(home, "approve", asked.request_id, key="dee")
        assert result.exit_code == 1
        assert result.output.splitlines()[-1].startswith("You are not an approver of this request.")
        assert ": ana." in result.output.splitlines()[-1]


def test_a_tab_completes_the_ids_of_freezes(home, monkeypatch):
    monkeypatch.setattr("gateway.cli.completing._WITHIN_S", PATIENCE_S)
    run(home, "freeze", key="dee")
    (standing,) = documents(home)
    found = complete("freezes", home.config, standing["id"][:2])
    assert [(each.value, each.help) for each in found] == [(standing["id"], "everything")]
    assert complete("freezes", home.config, "x") == []
