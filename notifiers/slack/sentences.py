"""What somebody reads in private whose click did nothing: why, what that means, what to do next."""

from typing import Final

from notifiers.slack.text import literal
from notifiers.slack.tokens import Act

FREEZE_COMMAND: Final = "countersign freeze --reason …"

_WHY: Final = {
    "other_workspace": ("This click came from outside our workspace.", "Use an account of it."),
    "not_ours": (
        "This button is not one that we posted.",
        "Use the newest message of the request; if this is the newest, tell on-call.",
    ),
    "no_record": (
        "This request is no longer stored.",
        "`countersign audit show` with its request id tells what became of it.",
    ),
    "other_channel": (
        "This click came from another channel.",
        "Use the message in the approvals channel.",
    ),
    "stale_message": (
        "This is not the message posted for this request.",
        "Use the one in the channel, or find the request with `countersign list`.",
    ),
    "other_facts": (
        "This message does not show what we rendered for this request.",
        "Look at it again; if it still says this, tell on-call.",
    ),
    "forged_form": ("This form is not one that we opened.", "Close it and click the button again."),
    "other_person": ("This form was opened for somebody else.", "Close it and click yourself."),
    "old_form": ("This form is too old.", "Close it and click again."),
    "other_form": ("This form does not show what we asked.", "Close it, and tell on-call."),
}

_MEANS: Final = {Act.FREEZE: "Nothing was frozen.", Act.DETAILS: "Nothing is shown."}

UNSURE: Final = (
    "We could not confirm your vote: take it that nothing was stored. Look at the message, which"
    " shows what is; if you are missing there, click again, or run `countersign approve` or"
    " `countersign reject` with its request id."
)
UNSURE_FREEZE: Final = (
    "We could not confirm the freeze: take it that nothing is frozen. Every freeze that is stored"
    f" is told in the channel; if none is, run: {FREEZE_COMMAND}"
)
UNREAD: Final = (
    "The details could not be read just now. Click again in a moment, or run `countersign show`"
    " with the request id of the message."
)
NO_REVIEW: Final = "This request no longer fits into a form, so nothing was stored."


def unsound(cause: str, act: Act | None) -> str:
    """For a click that failed a check, by what it tried; `cause` is as in `Unsound`."""
    why, then = _WHY[cause]
    means = _MEANS.get(act, "Nothing was stored.") if act else "Nothing was stored."
    way_out = f" To freeze, run: {FREEZE_COMMAND}" if act is Act.FREEZE else ""
    return f"{why} {means} {then}{way_out}"


def unsure(act: Act | None) -> str:
    """For a click of which nobody knows yet what became of it."""
    return {Act.FREEZE: UNSURE_FREEZE, Act.DETAILS: UNREAD}.get(act, UNSURE) if act else UNSURE


def stranger(user: str) -> str:
    """For somebody whom the policy does not know: what it would take."""
    return f"If it should, ask who keeps policy.toml to enter your Slack id {literal(user)[:40]}."
