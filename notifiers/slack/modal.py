"""The forms behind the buttons: what is decided, once more, and a field for why."""

from dataclasses import dataclass
from typing import Final

from approvals.ballots import wants_reason
from approvals.freezes.model import THAW_VOTES
from approvals.model import Approval, Choice
from notifiers.ports import Story
from notifiers.slack.facts import section
from notifiers.slack.limits import MODAL_TITLE, OPTION_TEXT, Json, check_view
from notifiers.slack.text import literal, mrkdwn, plain
from notifiers.slack.tokens import Act
from notifiers.words.readable import visible

VIEWS: Final = {
    "countersign.approve": Act.APPROVE,
    "countersign.review": Act.REVIEW,
    "countersign.reject": Act.REJECT,
    "countersign.freeze": Act.FREEZE,
}
"""What each form's `callback_id` stands for."""

REASON: Final = "reason"
SCOPE: Final = "scope"
LONGEST_REASON: Final = 500

EVERYTHING: Final = "everything"
WALLET: Final = "wallet"
SOURCE: Final = "source"

_WHY: Final = "Why? Everybody in the channel will read this."
_TEXT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Scopes:
    """What can be frozen beside everything: the wallet that is claimed, the source proved."""

    wallet: str | None = None
    wallet_name: str = ""
    source: str | None = None


def vote_view(story: Story, choice: Choice) -> Json:
    """What is decided, word for word as in the message; to approve, all that must be right."""
    approval, sheet = story.approval, story.sheet
    said = {"what": sheet.headline}
    if choice is Choice.APPROVE:
        said |= {"pledge": f"You approve: {sheet.pledge}", "badge": sheet.badge}
    said |= {"which": f"Request id: {approval.request_id}\nDigest: {approval.digest}"}
    blocks = [*_sections(said), reason_field(approval, choice)]
    if choice is Choice.APPROVE and sheet.worst:
        blocks.insert(0, section("warning", mrkdwn(f":warning: *{literal(sheet.worst)}*")))
    return modal(choice.value, f"{choice.value.capitalize()} this request", blocks, submit=choice)


def freeze_view(scopes: Scopes) -> Json:
    """What can be frozen, whole and by name, and what that means."""
    said = {
        "means": (
            "Nothing that is frozen is approved any more, and what waits is rejected, until"
            f" {THAW_VOTES} of on-call end the freeze from a terminal."
        )
    }
    ways = [(EVERYTHING, "Everything", "every request of every node")]
    if scopes.wallet is not None:
        name = f"{visible(scopes.wallet_name, 200)} ({scopes.wallet})"
        said["wallet"] = f"This wallet (Cobo says): {name if scopes.wallet_name else scopes.wallet}"
        ways.append((WALLET, "This wallet", "and requests whose wallet or source is not known"))
    if scopes.source is not None:
        said["source"] = f"This source address (proved): {scopes.source}"
        ways.append(
            (SOURCE, "This source address", "and requests whose wallet or source is not known")
        )
    which = {
        "type": "input",
        "block_id": SCOPE,
        "label": plain("What?", 200),
        "element": {
            "type": "radio_buttons",
            "action_id": SCOPE,
            "options": [
                {
                    "value": value,
                    "text": plain(word, OPTION_TEXT),
                    "description": plain(more, OPTION_TEXT),
                }
                for value, word, more in ways
            ],
        },
    }
    blocks = [*_sections(said), which, _reason(optional=False)]
    return modal("freeze", "Freeze signing", blocks, submit="freeze")


def bound(view: Json, metadata: str) -> Json:
    """The form as it is sent, with what it is bound to."""
    whole = {**view, "private_metadata": metadata}
    check_view(whole)
    return whole


def view_error(sentence: str) -> Json:
    """Slack's answer that keeps the form open and says why under the field."""
    return {"response_action": "errors", "errors": {REASON: sentence}}


def modal(act: str, title: str, blocks: list[Json], *, submit: str = "") -> Json:
    """A modal; with a word for the button that hands it in, a form."""
    view = {
        "type": "modal",
        "callback_id": f"countersign.{act}",
        "title": plain(title, MODAL_TITLE),
        "close": plain("Cancel" if submit else "Close", MODAL_TITLE),
        "private_metadata": "",
        "blocks": blocks,
    }
    return {**view, "submit": plain(submit.capitalize(), MODAL_TITLE)} if submit else view


def reason_field(approval: Approval, choice: Choice) -> Json:
    """Where people say why; it may stay empty unless the rules want a reason."""
    return _reason(optional=not wants_reason(approval, choice))


def _sections(said: dict[str, str]) -> list[Json]:
    return [
        {"type": "section", "block_id": name, "text": plain(text, _TEXT)}
        for name, text in said.items()
    ]


def _reason(*, optional: bool) -> Json:
    return {
        "type": "input",
        "block_id": REASON,
        "optional": optional,
        "label": plain(_WHY, 200),
        "element": {
            "type": "plain_text_input",
            "action_id": REASON,
            "multiline": True,
            "max_length": LONGEST_REASON,
        },
    }
