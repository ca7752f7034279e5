"""`countersign watch` in a terminal of 80 columns, against a gateway process."""

import contextlib
import re
import shutil
import signal
import subprocess
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.oncall.dossier import open_dossier
from gateway.oncall.signer import check_key
from gateway.oncall.terminal import Failure
from gateway.watching.acts import opened
from tests.support.home import made, on_call
from tests.support.terminal import terminal

FOOT = "o open  a approve  r reject  v override  f freeze  t thaw  ? letters  q quit"
OVERRIDE = """
[override]
group = "on_call"
approve = 2
reject = 1
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made_ = on_call(made(tmp_path_factory.mktemp("watching") / "home"))
    policy = made_.settings.policy
    policy.write_text(policy.read_text() + OVERRIDE)
    return made_


@pytest.fixture(scope="module", autouse=True)
def gateway(home):
    """It runs, until a test ends it."""
    with contextlib.ExitStack() as running:
        running.enter_context(home.served())
        yield running


def watching(home, *words, key=None, **env):
    signing = () if key is None else ("--key", key)
    return terminal("watch", *signing, *words, "--config", home.config, **env)


def run(home, *words, key):
    signing = ("--reason", "a test", "--key", str(home.folder / key))
    done = CliRunner().invoke(main, [*words, *signing, "--config", str(home.config)])
    assert done.exit_code == 0, done.output


@contextlib.contextmanager
def asking(home, *name):
    """A node asks; nothing is open afterwards."""
    with home.asked(*name) as asked:
        yield asked
        words = ["--reason", "a test", "--key", str(home.key), "--config", str(home.config)]
        CliRunner().invoke(main, ["reject", asked.request_id, *words])
        assert asked.conclusion is not None


@pytest.fixture(scope="module")
def locked(home):
    """The approver's key behind a passphrase."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    path = home.folder / "locked"
    path.write_bytes(home.key.read_bytes())
    path.chmod(0o600)
    words = ["-p", "-q", "-a", "1", "-P", "", "-N", "opens", "-f", str(path)]
    subprocess.run(["ssh-keygen", *words], check=True, capture_output=True)
    return path


def back(seen):
    """To the table: its letters may still stand there from before, but not beside the question.

    What is pressed before that question is dropped.
    """
    seen.shows("Press a key")
    seen.press("x")
    seen.without("Press a key")
    return seen.shows(FOOT)


def left_of(screen):
    """The seconds left of what is chosen."""
    ((minutes, seconds),) = re.findall(r"^> (\d+) min (\d+) s", screen, re.MULTILINE)
    return int(minutes) * 60 + int(seconds)


def test_on_call_opens_a_request_and_approves_it_with_a_passphrase(home, locked):
    with asking(home) as asked, watching(home, key=locked) as seen:
        screen = seen.shows("Send 2,500 USDT -> 0xd631…2A2c on Ethereum", asked.request_id, FOOT)
        assert screen.splitlines()[0].startswith(" countersign watch · 1 open ")
        assert max(map(len, screen.splitlines())) <= 80
        before = left_of(screen)
        with asking(home, "keysign_raw_message_hash") as other:
            screen = seen.shows(other.request_id, "NEW NOT VERIFIED: Sign a bare hash")
            assert seen.bells == 1
            assert f"> {asked.request_id}"[2:] in screen
            assert left_of(seen.text) < before
            seen.press("o")
            seen.shows("From the bytes", f" node-1/{asked.request_id} · ", "space more")
            seen.press("q")
            seen.shows("countersign watch · 2 open")
            seen.press("a")
            seen.shows("To approve, read to the end: space more  q table, nothing signed")
            seen.press("\r ")
            seen.shows("Deadline", "Enter approve: give a reason, then sign")
            seen.press("\r")
            seen.shows("VERIFIED: decoded", "Digest ", "Reason to approve it")
            seen.press("known payee\n")
            seen.shows("Sign to approve it? [y/N]:")
            seen.press("y\n")
            seen.shows("Passphrase of ")
            seen.press("opens\n")
            seen.shows(f"Counted: approve node-1/{asked.request_id}", "Press a key")
            assert "opens" not in seen.text
            assert asked.conclusion.action == "APPROVE"
            back(seen)
            seen.shows(
                "countersign watch · 1 open", "ended, APPROVE: Send 2,500 USDT", "Approved by ana"
            )
            assert not other.done
            # Nothing is chosen: no letter is about what has moved up.
            assert not re.search("^>", seen.text, re.MULTILINE)
            seen.press("r")
            seen.shows("What was chosen has ended: choose another with j or k.")
            seen.press("jr")
            seen.shows(f" node-1/{other.request_id} · ")
            seen.press("qq")
            assert seen.ends() == 0
            assert seen.as_it_was
            assert not other.done


def test_on_call_freezes_and_the_table_outlives_the_gateway(home, gateway):
    with watching(home, "--quiet", key=home.folder / "dee") as seen:
        seen.shows("Nothing is waiting for people.", "nothing waits for people", FOOT)
        seen.press("f")
        seen.shows("  1  everything", "Freeze which, by its number:")
        seen.press("1\n")
        seen.shows("Reason to freeze it")
        seen.press("an alarm\n")
        seen.shows("Freeze everything, at once? [y/N]:")
        seen.press("y\n")
        seen.shows("Frozen: everything (freeze ", "Press a key")
        back(seen)
        seen.shows("SIGNING IS FROZEN: everything", "  By dee, ", ": an alarm", "countersign thaw ")
        gateway.close()
        seen.shows(
            "NO NEWS since ", "below is what was known then", "is `countersign serve` running?"
        )
        assert "SIGNING IS FROZEN" in seen.text
        gateway.enter_context(home.served())
        seen.shows("The gateway answers again.")
        assert "NO NEWS" not in seen.text
        seen.resize(44, 12)
        seen.shows("\n  To thaw it, 2 of on_call must run:\n  countersign thaw ")
        seen.resize(80, 24)
        seen.shows("what is asked while all is frozen is refused.")
        assert re.search(r"SIGNING IS FROZEN: everything \(freeze \S+\), for \d+ s", seen.text)
        seen.press("t")
        seen.shows("Signing goes on once two of on-call", "By dee, ", "Reason to thaw it")
        seen.press("a drill\n")
        seen.shows("Sign to thaw everything (freeze ")
        seen.press("q\n")  # no other word than yes
        seen.shows("Nothing was signed.", "Press a key")
        back(seen)
        seen.press("t")
        seen.shows("Reason to thaw it")
        seen.press("a drill\n")
        seen.shows("[y/N]")
        seen.press("y\n")
        seen.shows("Counted: thaw everything", "1 of 2: another of on_call must run")
        back(seen)
        seen.shows(
            "SIGNING IS FROZEN", "  dee wants to thaw it, ", ": a drill", "  1 of 2: another"
        )
        run(home, "thaw", key="eli")
        seen.without("SIGNING IS FROZEN")
        seen.press("t")
        seen.shows("Nothing is frozen.", FOOT)
        assert seen.bells == 0
        seen.press("\x03")
        assert seen.ends() == 0
        assert seen.as_it_was
        assert b"\x1b[?1049l" in seen.raw[-40:]


def test_two_of_on_call_override_it_by_the_word_and_it_is_marked_as_such(home):
    with asking(home) as asked, watching(home, key=home.folder / "dee") as seen:
        seen.shows(asked.request_id, FOOT)
        for word, what in (
            ("y", "Nothing was signed."),
            ("override", "Counted: override approve "),
        ):
            seen.press("v")
            seen.shows(" OVERRIDE · node-1/", "OVERRIDE to: a approve  r reject  v no override")
            seen.press("  a")
            seen.shows("Enter OVERRIDE to approve: reason, then sign")
            seen.press("\r")
            seen.shows(
                "OVERRIDE: to approve in place of 1 of approvers",
                "It takes 2 of on_call: dee, eli.",
            )
            seen.shows("Reason to override, and approve it")
            seen.press("payroll is due\n")
            seen.shows("Type override to sign:")
            seen.press(f"{word}\n")
            seen.shows(what, "Press a key")
            back(seen)
        seen.shows("Override: 1 of 2 · dee ", "another of on_call must sign")
        assert not asked.done
        run(home, "approve", asked.request_id, "--override", key="eli")
        assert asked.conclusion.action == "APPROVE"
        seen.shows("ended, APPROVE: Send 2,500 USDT", ": Approved by ")
        seen.press("q")
        assert seen.ends() == 0
        assert seen.as_it_was


def test_who_changes_their_mind_or_types_ahead_signs_nothing(home):
    with asking(home) as asked, watching(home, key=home.key) as seen:
        seen.shows(asked.request_id)
        seen.press("r   \rwhy\ny\n")
        seen.shows("Reason to reject it")
        time.sleep(0.1)
        seen.press("\n")
        seen.shows("Nothing was signed.", "Press a key")
        back(seen)
        for answer in ("\n", "\x03", "why\ny\n"):
            seen.press("r  ")
            seen.shows("Enter reject: give a reason, then sign")
            seen.press("r")
            seen.shows("Reason to reject it")
            time.sleep(0.1)  # a signal that comes before the question waits behind it
            seen.press(answer)
            if answer.startswith("why"):
                seen.shows("[y/N]")  # what was typed ahead agrees to nothing
                seen.press("q\n")  # nor does any other word than yes
            seen.shows("Nothing was signed.", "Press a key")
            back(seen)
        assert not asked.done
        (entry,) = home.desk.find(asked.request_id)
        assert entry["approval"]["votes"] == []
        seen.process.send_signal(signal.SIGTERM)
        assert seen.ends() == 143
        assert seen.as_it_was


def test_without_a_key_one_can_look_but_not_vote(home):
    with asking(home) as asked, watching(home, NO_COLOR="1") as seen:
        seen.shows(asked.request_id)
        for letter in "arvf":
            seen.press(letter)
            seen.shows("start it with --key FILE, or set COUNTERSIGN_SSH_KEY.")
            seen.press("j")
            seen.without("start it with")
        seen.press("oa")
        seen.shows("start it with --key FILE")
        assert re.search(rb"\x1b\[[0-9;]*3[0-7]m", seen.raw) is None  # no color


def test_another_approval_than_the_one_on_the_screen_is_never_opened(home):
    with asking(home) as asked:
        (entry,) = home.desk.find(asked.request_id)
        shown = open_dossier(entry)
        assert opened(home.settings, shown).dossier.approval.digest == shown.approval.digest
        other = replace(shown, approval=replace(shown.approval, digest="ab" * 32))
        with pytest.raises(Failure, match="another approval than the one that was chosen"):
            opened(home.settings, other)


def test_a_terminal_that_cannot_draw_it_is_wrong_usage(home):
    with watching(home, TERM="dumb") as seen:
        assert seen.ends() == 2
        assert "cannot draw a live table" in seen.text
        assert "list --json" in seen.text
        assert b"\x1b" not in seen.raw


def test_no_terminal_is_wrong_usage_and_names_what_machines_use(home):
    done = CliRunner().invoke(main, ["watch", "--config", str(home.config)])
    assert done.exit_code == 2
    assert "for machines there is `countersign list --json`." in " ".join(done.output.split())


def test_what_keeps_it_from_beginning_is_one_sentence(home, tmp_path):
    with watching(made(tmp_path / "stopped")) as seen:
        assert seen.ends() == 3
        assert "`countersign serve` is not running" in " ".join(seen.text.split())
    with pytest.raises(Failure, match="absent does not exist: put the key there"):
        check_key(tmp_path / "absent")
    (tmp_path / "open").write_bytes(home.key.read_bytes())
    (tmp_path / "open").chmod(0o644)
    with pytest.raises(Failure, match="chmod 600"):
        check_key(tmp_path / "open")
    check_key(home.key)
    check_key(home.key.with_suffix(".pub"))
