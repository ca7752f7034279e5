"""Only `decide` makes an Approved, and only one place makes a final fact of it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("approvals", "gateway", "keys", "notifiers")


def calls():
    """Every call in the code, by file."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield str(path.relative_to(ROOT)), node


def makers(name):
    return {file for file, call in calls() if ast.unparse(call.func).split(".")[-1] == name}


def givers(name):
    """Files that hand `name` to a call."""
    return {
        file
        for file, call in calls()
        if name in {ast.unparse(v) for v in (*call.args, *(word.value for word in call.keywords))}
    }


def test_only_one_file_can_say_approved():
    assert makers("Approved") == {"approvals/decide.py"}


def test_only_the_ledger_writes_a_final_approval_and_only_of_a_decision():
    assert givers("Outcome.APPROVE") == {"approvals/ledger.py"}


def test_the_word_on_the_wire_is_never_written_by_hand():
    for file in ("gateway/doors/wire.py", "gateway/doors/callback.py"):
        parsed = ast.walk(ast.parse((ROOT / file).read_text()))
        assert "APPROVE" not in {node.value for node in parsed if isinstance(node, ast.Constant)}
