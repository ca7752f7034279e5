"""The live table without a terminal: what it knows, how it is drawn, which keys are which."""

import io
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from approvals.model import Choice, Override, Vote
from gateway.config.settings import Address, Settings
from gateway.desk.cookie import Cookie
from gateway.oncall.client import DeskClient
from gateway.oncall.dossier import Dossier, open_dossier
from gateway.oncall.freezes import standing_of
from gateway.oncall.matter import Matter
from gateway.oncall.terminal import Failure
from gateway.watching.board import (
    CHOOSE,
    NEW_MS,
    Board,
    Heard,
    fail,
    first_board,
    hear,
    move,
    rings,
)
from gateway.watching.keys import keys_of
from gateway.watching.page import Reading, lines_of, on_screen, press, screenful
from gateway.watching.poll import Poller
from gateway.watching.table import HELP, LETTERS, draw
from notifiers.words.facts import PAGE
from notifiers.words.sheet import sheet_of
from tests.gateway.test_page import GOLDEN, dossier, entry
from tests.notifiers.cases import CASES
from tests.notifiers.examples import NAMES, NOW
from tests.support.records import click

WIDE = (80, 24)


def asked(number: int, **changes: object) -> Dossier:
    """One of several that differ by their digest and id; number 0 is the most urgent."""
    plain = dossier("transfer")
    approval = replace(
        plain.approval,
        request_id=f"2026112212{number:04}",
        digest=f"{number:064x}",
        asked_at=NOW - 1_000,
        deadline=NOW + 1_000 * (61 + number),
    )
    changed: dict[str, object] = {"approval": approval, "member": approval.member} | changes
    return replace(plain, **changed)  # type: ignore[arg-type]


def heard(*dossiers: Dossier, at: int = NOW, **more: object) -> Heard:
    return replace(Heard(at, dossiers), **more)  # type: ignore[arg-type]


def frozen(count: int, reason: str = "an alarm") -> Heard:
    freezes = [
        {
            "id": f"{number}-3fa1",
            "scope": "everything",
            "headline": f"SIGNING IS FROZEN: everything (freeze {number}-3fa1)",
            "details": [f"By dee: {reason}", "May thaw it: eli"],
            "wanted": f"To thaw it, 2 of on_call must run: countersign thaw {number}-3fa1",
            "at": NOW - 192_000,
        }
        for number in range(count)
    ]
    return Heard(NOW, (asked(1),), freezes=standing_of({"freezes": freezes}))


def drawn(board: Board, size: tuple[int, int] = WIDE, now: int = NOW, **more: bool) -> list[str]:
    lines = draw(board, now, *size, **more)
    assert len(lines) == size[1]
    assert all(line.cell_len <= size[0] for line in lines)
    return [line.plain.rstrip() for line in lines]


# What is chosen


def test_the_most_urgent_is_chosen_and_stays_so_whatever_comes_before_it():
    board = first_board(heard(asked(5), asked(7)))
    board = hear(board, heard(asked(1), asked(5), asked(7)))
    assert board.choice == asked(5)
    assert hear(board, heard(asked(7), asked(5))).choice == asked(5)


def test_nothing_is_chosen_in_place_of_what_has_ended():
    board = hear(first_board(heard(asked(1), asked(2))), heard(asked(2)))
    assert (board.choice, board.note) == (None, CHOOSE)
    assert hear(board, heard(asked(2))).choice is None
    assert move(board, 1).choice == asked(2)


def test_what_comes_to_an_empty_table_is_chosen():
    assert hear(first_board(heard()), heard(asked(3))).choice == asked(3)
    assert move(first_board(heard()), 1).choice is None


def test_keys_move_the_choice_and_stop_at_both_ends():
    board = first_board(heard(*map(asked, range(4))))
    assert move(board, -1).choice == asked(0)
    assert move(move(board, 1), 1).choice == asked(2)
    assert move(board, 1_000_000).choice == asked(3)


def test_the_same_request_with_other_bytes_is_another_one():
    board = first_board(heard(asked(1)))
    other = replace(asked(1), approval=replace(asked(1).approval, digest="ab" * 32))
    assert hear(board, heard(other)).choice is None


# What is new


def test_it_rings_for_what_is_new_frozen_or_silent_and_for_nothing_else():
    board = first_board(heard(asked(1)))
    assert not rings(board, hear(board, heard(asked(1), at=NOW + 1_000)))
    assert not rings(board, hear(board, heard(at=NOW + 1_000)))
    more = hear(board, heard(asked(1), asked(2), at=NOW + 1_000))
    assert rings(board, more)
    assert "NEW Send" in "\n".join(drawn(more))
    later = hear(more, heard(asked(1), asked(2), at=NOW + 1_000 + NEW_MS))
    assert not rings(more, later)
    assert "NEW" not in "\n".join(drawn(later))
    assert rings(board, hear(board, frozen(1)))
    silent = fail(board, NOW, "Nobody answers.")
    assert rings(board, silent)
    assert not rings(silent, fail(silent, NOW + 9_000, "Nobody answers."))
    assert rings(silent, hear(silent, heard(asked(1))))


def test_what_moves_up_from_beyond_the_table_is_not_new():
    board = first_board(heard(asked(1), more=1))
    old = asked(2)
    old = replace(old, approval=replace(old.approval, asked_at=NOW - 60_000))
    assert not rings(board, hear(board, heard(asked(1), old)))
    assert rings(board, hear(board, heard(asked(1), asked(3))))


# How it is drawn


def test_what_is_silent_says_since_when_and_keeps_the_table():
    board = fail(first_board(heard(asked(1))), NOW, "The gateway does not answer.")
    board = fail(board, NOW + 60_000, "The gateway does not answer.")
    lines = drawn(board, now=NOW + 80_000)
    assert lines[1].startswith("NO NEWS since ")
    assert lines[1].endswith(" UTC (1 min 20 s): below is what was known then.")
    assert lines[2] == "The gateway does not answer."
    assert any(asked(1).member in line for line in lines)


@pytest.mark.parametrize("count", [1, 4, 5, 6, 30, 100])
@pytest.mark.parametrize("size", [(80, 24), (60, 14), (132, 50), (20, 8), (9, 5), (1, 1), (80, 2)])
def test_it_fits_every_terminal_and_shows_what_is_chosen(count, size):
    board = first_board(heard(*map(asked, range(count)), more=3))
    for by in (0, count // 2, count):
        lines = drawn(move(board, by), size)
        if size[0] >= 60 and size[1] >= 14:
            assert sum(line.startswith("> ") for line in lines) == 1
            assert lines[0].startswith(f" countersign watch · {count + 3} open")
            assert lines[-1] in LETTERS
            assert lines[-1].endswith("q quit")


def test_what_has_no_room_is_counted():
    board = first_board(heard(*map(asked, range(100)), more=23))
    lines = drawn(move(board, 50))
    above = next(line for line in lines if line.endswith(" more above"))
    below = next(line for line in lines if line.endswith(" more below"))
    shown = sum(" min " in line for line in lines)
    counted = int(above.split()[0]) + int(below.split()[0])
    assert counted + shown == 123
    assert shown >= 10


def test_many_freezes_leave_room_for_what_waits():
    lines = drawn(first_board(frozen(40, "an alarm " * 40)))
    assert lines[1] == "SIGNING IS FROZEN: everything (freeze 0-3fa1), for 3 min 12 s"
    assert lines[3].endswith(" …")
    assert any(line.endswith("more frozen: countersign list --freezes") for line in lines)
    assert sum(line.startswith("> ") for line in lines) == 1


def test_a_freeze_says_who_wants_to_thaw_it_and_what_is_refused_meanwhile():
    (freeze,) = frozen(1).freezes
    votes = ("By dee: an alarm", "eli wants to thaw it, 14:02 UTC: it was a drill")
    thawing = replace(freeze, details=(*votes, "May thaw it: dee"))
    assert drawn(first_board(Heard(NOW, freezes=(thawing,))))[1:7] == [
        "SIGNING IS FROZEN: everything (freeze 0-3fa1), for 3 min 12 s",
        *(f"  {line}" for line in votes),
        "  To thaw it, 2 of on_call must run: countersign thaw 0-3fa1",
        "",
        "Nothing is waiting for people: what is asked while all is frozen is refused.",
    ]


def test_an_override_that_somebody_asked_for_is_seen_even_where_rows_are_short():
    vote = Vote("dee", Choice.APPROVE, "ab" * 32, NOW, "asleep", click("dee"), override=True)
    plain = asked(8)
    approval = replace(plain.approval, votes=(vote,))
    wanted = replace(plain, approval=approval, status="Override: 1 of 2")
    board = first_board(heard(*map(asked, range(8)), wanted))
    assert drawn(board).count("                Override: 1 of 2") == 1
    assert drawn(move(board, 8)).count("                Override: 1 of 2") == 1


def test_long_words_are_cut_and_say_so():
    board = first_board(heard(asked(1, headline="long " * 100, status="word" * 100)))
    lines = drawn(board)
    assert sum(line.endswith(" …") for line in lines) == 2


def test_doubt_and_the_worst_warning_are_seen_even_where_rows_are_short():
    board = first_board(heard(*(dossier("call_with_calls") for _ in range(9))))
    text = "\n".join(drawn(board))
    assert text.count("NOT VERIFIED: Call") == text.count("UNLIMITED ALLOWANCE") > 4


def test_the_letters_are_explained_on_the_screen():
    lines = drawn(first_board(heard(asked(1))), letters=True)
    assert [line for line in lines if line in HELP] == list(HELP)


EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202eA✅\r\nB\x1b[?1049l"


def test_what_others_wrote_can_draw_nothing():
    said = entry(*CASES["transfer"])
    for name in ("status", "headline", "warning"):
        said[name] = EVIL
    said["details"] = said["wanted"] = [EVIL]
    evil = open_dossier(said)
    heard_ = replace(frozen(1, EVIL), dossiers=(evil,), ended=(evil,))
    board = fail(hear(first_board(heard()), heard_), NOW, EVIL)
    text = "\n".join(drawn(board))
    assert "A[U+2705] B" in text
    assert not [each for each in text if not (each.isprintable() or each == "\n")]
    assert "\x1b" not in "".join((*evil.details, *evil.wanted))


@pytest.mark.parametrize("name", ["status", "headline", "warning", "details", "wanted"])
@pytest.mark.parametrize("odd", [None, 3, [3], {}])
def test_an_entry_of_another_kind_is_one_sentence(name, odd):
    with pytest.raises(Failure, match="of another version"):
        open_dossier(entry(*CASES["transfer"]) | {name: odd if odd != {} else {"a": 1}.items()})


@pytest.mark.parametrize(
    "odd",
    [
        {"after": {"taken": {"at": "now"}, "reported": []}},
        {"after": {"taken": {"at": True}, "reported": []}},
        {"after": {"taken": {"at": 10**17}, "reported": []}},
        {"after": {"taken": None}},
        {"after": 7},
        {"wallet": "Hot wallet"},
        {"wallet": {"id": "w"}},
    ],
    ids=str,
)
def test_what_became_of_it_in_another_form_is_one_sentence(odd):
    with pytest.raises(Failure, match="gateway"):
        open_dossier(entry(*CASES["transfer"]) | odd)


# The page of one approval


def reading(name: str = "every_flag", **changes: object) -> Reading:
    found, record, _ = CASES[name]
    sheet = sheet_of(record, found, NAMES, room=PAGE)
    client = DeskClient(Address("127.0.0.1", 1), Cookie("none"))
    matter = Matter(client, dossier(name), found, sheet, "policy.toml differs.")
    return replace(Reading(matter, frozen(1).freezes, NOW), **changes)  # type: ignore[arg-type]


def shown(page: Reading, height: int = 24) -> tuple[Reading, list[str]]:
    console = Console(width=80, height=height, file=io.StringIO())
    lines = lines_of(page, console, 80)
    page = on_screen(page, len(lines), height)
    console.print(screenful(page, lines, NOW, 80, height), end="")
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return page, text.splitlines()


def test_a_page_holds_all_that_show_prints_and_what_is_frozen():
    page, lines = shown(reading(), 300)
    said = [line.strip() for line in lines]
    assert said.index("SIGNING IS FROZEN: everything (freeze 0-3fa1)") == 1
    assert "policy.toml differs." in said
    golden = (GOLDEN / "every_flag.txt").read_text().splitlines()
    assert [line.strip() for line in golden if line and line.strip() not in said] == []
    assert page.seen


def test_nobody_goes_on_from_a_page_to_a_vote_before_its_end():
    page, lines = shown(reading(intent=Choice.APPROVE))
    assert len(lines) == 24
    assert lines[-1].startswith(" To approve, read to the end: space more")
    for key in ("a", "enter"):
        assert not press(page, key, 24).agreed
    screens = 0
    while not page.seen:
        page, lines = shown(press(page, "space", 24))
        screens += 1
    assert screens > 1
    assert lines[-1].startswith(" Enter approve: give a reason, then sign")
    for key in ("a", "enter"):
        assert press(page, key, 24).agreed
    other = press(page, "r", 24)
    assert (other.intent, other.agreed) == (Choice.REJECT, False)
    back, _ = shown(press(page, "g", 24))
    assert (back.top, back.seen) == (0, True)
    assert press(page, "q", 24).left


def test_an_override_is_another_intent_and_is_marked_on_every_screen():
    page, lines = shown(reading(intent=Choice.APPROVE), 300)
    assert press(page, "v", 300) == page  # the policy of this one has none
    page = replace(page, matter=with_override(page.matter))
    page, lines = shown(press(page, "v", 300), 300)
    assert (page.override, page.intent, page.agreed) == (True, None, False)
    assert lines[0].startswith(" OVERRIDE · node-1/")
    assert lines[-1].startswith(" OVERRIDE to: a approve  r reject  v no override")
    assert not press(page, "enter", 300).agreed
    page, lines = shown(press(page, "a", 300), 300)
    assert lines[-1].startswith(" Enter OVERRIDE to approve: reason, then sign  k back  q table, ")
    assert press(page, "enter", 300).agreed
    back = press(page, "v", 300)
    assert (back.override, back.intent) == (False, None)
    closed = replace(page.matter.dossier, state="closed")
    gone = replace(page, matter=replace(page.matter, dossier=closed), override=False)
    assert not press(gone, "v", 300).override


def with_override(matter: Matter) -> Matter:
    """The same where two of on-call may override."""
    plain = matter.dossier.approval
    verdict = replace(plain.verdict, override=Override("on_call", ("dee", "eli"), 2, 1))
    dossier_ = replace(matter.dossier, approval=replace(plain, verdict=verdict), state="open")
    return replace(matter, dossier=dossier_)


def test_no_line_of_a_page_is_passed_unseen():
    page, lines = shown(reading())
    seen = lines[1:-1]
    while not page.seen:
        before = page.top
        page, lines = shown(press(page, "space", 24))
        assert page.top <= before + 21
        seen += lines[1 + before + 22 - page.top : -1]
    _, whole = shown(reading(), 300)
    assert "\n".join(seen).rstrip() == "\n".join(whole[1:-1]).rstrip()


# Which keys are which


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (b"a", ["a"]),
        (b"\x1b[A\x1bOBjk", ["up", "down", "j", "k"]),
        (b"\x1b[5~\x1b[6~\x1b[H\x1b[F", ["page up", "page down", "home", "end"]),
        (b"\r\n \x1b", ["enter", "enter", "space", "escape"]),
        (b"\x1b[1;5A\x1b[200~a", ["a"]),
        (b"\xff\xfe\x00\x07", []),
        ("ä".encode(), ["ä"]),
        (b"", []),
    ],
)
def test_bytes_are_keys_and_what_is_none_is_left_out(content, keys):
    assert keys_of(content) == keys


def kept(*said: Heard | Failure) -> list[Heard | Failure | None]:
    """What a poller tells that heard all this while nobody asked it for news."""
    poller = Poller(cast("Settings", None), heard())
    for each in said:
        poller.keep(each)
    return [poller.news() for _ in range(len(said) + 1)]


def test_what_is_heard_while_a_person_types_adds_up_in_one():
    each = [heard(asked(n), at=NOW + n, ended=(asked(n - 1),)) for n in (1, 2, 3)]
    assert kept(*each) == [replace(each[2], ended=(asked(2), asked(1), asked(0))), *[None] * 3]


def test_silence_is_told_after_what_was_heard_before_it_and_once():
    said, away = heard(asked(1), ended=(asked(0),)), [Failure("away"), Failure("still away")]
    assert kept(said, *away) == [said, away[1], None, None]
    assert kept(said, away[0], heard(at=NOW + 1))[0] == heard(at=NOW + 1, ended=(asked(0),))


def test_an_answer_that_makes_no_sense_is_said_and_does_not_end_the_asking(tmp_path):
    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"freezes": [], "approvals": 7}')

        def log_message(self, *_: object) -> None:
            """Quiet."""

    Cookie.bake(tmp_path)
    with HTTPServer(("127.0.0.1", 0), Desk) as desk:
        threading.Thread(target=desk.serve_forever, daemon=True).start()
        where = SimpleNamespace(
            operator_listen=Address("127.0.0.1", desk.server_port), data_dir=tmp_path
        )
        poller = Poller(cast("Settings", where), heard())
        came = [poller.ask(), poller.ask()]
        desk.shutdown()
    assert [getattr(each, "message", None) for each in came] == [
        "What the gateway says cannot be read (TypeError)."
    ] * 2
