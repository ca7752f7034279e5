"""One canonical spelling of what people sign to freeze and to thaw."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.freezes.statement import FreezeStatement, read, write
from approvals.statement import BadStatement
from tests.support.records import NOW

ADDRESS = "0xe4617d0599ee72Ff2c4942550f3a6F4cCcFd03EE"
ALL = FreezeStatement("SHA256:" + "a" * 43, "a key leaked", NOW)
SCOPES = st.sampled_from([("everything", ""), ("wallet", "w-1"), ("source", ADDRESS)])


def test_the_text_of_a_freeze_and_of_a_thaw():
    wallet = replace(ALL, scope="wallet", name="w-1")
    assert write(wallet) == (
        "countersign freeze v1\n"
        f"gateway: {ALL.gateway}\n"
        "freeze: wallet w-1\n"
        'reason: "a key leaked"\n'
        f"at: {NOW}\n"
    )
    assert "\nfreeze: everything\n" in write(ALL)
    assert f"\nfreeze: source {ADDRESS}\n" in write(replace(ALL, scope="source", name=ADDRESS))
    assert "\nthaw: 7-3fa1\n" in write(replace(ALL, thaw="7-3fa1"))


@given(SCOPES, st.none() | st.just("7-3fa1"), st.text(min_size=1, max_size=40))
def test_what_is_written_is_read_back_or_refused(scope, thaw, reason):
    said = replace(ALL, reason=reason, thaw=thaw)
    if thaw is None:
        said = replace(said, scope=scope[0], name=scope[1])
    try:
        text = write(said)
    except BadStatement:
        assert not any(character.isprintable() for character in "".join(reason.split()))
    else:
        assert read(text) == said
        assert text.isascii()


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "wallet"},
        {"name": "w-1"},
        {"scope": "wallet", "name": "w 1"},
        {"scope": "wallet", "name": "w\nthaw: 7-3fa1"},
        {"scope": "wallet", "name": "w" * 201},
        {"scope": "source", "name": ADDRESS[:-1]},
        {"scope": "source", "name": ADDRESS.replace("e4", "E4")},
        {"thaw": "7"},
        {"thaw": "07-3fa1"},
        {"thaw": "7-3FA1"},
        {"thaw": "7-3fa1", "scope": "wallet", "name": "w"},
        {"gateway": "SHA256:short"},
        {"gateway": ALL.gateway + "\nfreeze: everything"},
        {"reason": " \n"},
        {"reason": "\ud800"},
        {"reason": "x" * 1_001},
        {"at": -1},
    ],
)
def test_what_has_no_place_in_the_text_is_not_written(changes):
    with pytest.raises(BadStatement):
        write(replace(ALL, **changes))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "\n",
        lambda text: text[:-1],
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("freeze: everything", "freeze:  everything"),
        lambda text: text.replace("freeze: everything", "freeze: everything w"),
        lambda text: text.replace("freeze: everything", "freeze: nothing"),
        lambda text: text.replace("a key", "\\u0061 key"),
        lambda text: text.replace("at: ", "at: 0"),
        lambda text: text.replace("v1", "v2"),
        lambda text: text.replace("countersign freeze", "countersign vote"),
        lambda text: text.replace('"\n', '" \n'),
        lambda text: "",
    ],
)
def test_every_other_spelling_is_refused(change):
    with pytest.raises(BadStatement):
        read(change(write(ALL)))
