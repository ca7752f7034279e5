"""Who meets whom in the searches: small casts, each chosen for what can go wrong between them."""

from dataclasses import dataclass, replace
from typing import Final

from approvals.model import Choice
from tests.model import watch
from tests.model.state import Actor, Scene


def attempt(name: str, at: int = 0) -> Actor:
    return Actor("attempt", name, at)


def yes(person: str, at: int = 0) -> Actor:
    return Actor("voter", person, at)


def no(person: str, at: int = 0) -> Actor:
    return Actor("voter", person, at, Choice.REJECT)


def sweeper(at: int = 0) -> Actor:
    return Actor("sweeper", "sweeper", at)


def freezer(at: int = 0) -> Actor:
    return Actor("freezer", "freezer", at)


NOW: Final = (0,)
"""Nothing takes any time."""
DEADLINE: Final = (0, 8_000)
"""When it is asked, and its deadline where no other attempt moves it."""
RETRY: Final = (0, 3_000)
"""When it is asked and asked again, and the deadline that this moves nearer."""

AGAINST: Final = Scene(
    "a yes and a no at two gateways, and two attempts",
    1,
    (attempt("t0"), attempt("t1", 1), yes("ana"), no("bo", 1)),
    moments=NOW,
    gateways=2,
)
LATE: Final = Scene(
    "a yes, a no and the deadline, while the node may hang up",
    1,
    (attempt("t0"), yes("ana"), no("bo"), sweeper()),
    ("hang up",),
    moments=DEADLINE,
)
TWICE: Final = Scene(
    "a second click of the same person, and a command that is sent twice",
    2,
    (attempt("t0"), yes("ana"), yes("ana", 1), yes("bo", 1)),
    ("sent twice",),
    moments=NOW,
    gateways=2,
)
DEATH: Final = Scene(
    "a gateway dies between any two steps, and an answer of the store is lost",
    1,
    (attempt("t0"), attempt("t1"), yes("ana")),
    ("crash A", "lost answer"),
    moments=NOW,
)
FORGETS: Final = Scene(
    "the store goes back to an older record",
    1,
    (attempt("t0"), attempt("t0 again"), yes("ana"), no("bo")),
    ("put back",),
    moments=NOW,
)
FORGETS_APART: Final = Scene(
    "the store goes back to an older record, and two gateways know different things",
    1,
    (attempt("t0", 1), attempt("t0 again", 1), yes("ana", 1), no("bo")),
    ("put back",),
    moments=NOW,
    gateways=2,
)
OVERTAKEN: Final = Scene(
    "the store goes back while a gateway is about to speak what another made final",
    1,
    (attempt("t0"), attempt("t0 again", 1), yes("ana"), no("bo")),
    ("put back",),
    moments=NOW,
    gateways=2,
)
NEARER: Final = Scene(
    "the store goes back to a record with a later deadline",
    1,
    (attempt("t0", 1), attempt("t1"), yes("ana")),
    ("put back",),
    moments=RETRY,
    gateways=2,
)
FROZEN: Final = Scene(
    "a freeze",
    1,
    (attempt("t0"), attempt("t1"), yes("ana"), freezer(1)),
    moments=NOW,
    gateways=2,
)
UNFROZEN: Final = Scene(
    "a freeze that somebody takes back or deletes in the store",
    1,
    (attempt("t0"), attempt("t1"), yes("ana"), freezer()),
    ("unfreeze",),
    moments=NOW,
)
POLICY: Final = Scene(
    "another policy comes into force",
    1,
    (attempt("t0"), yes("ana"), sweeper()),
    ("policy A", "crash A"),
    moments=DEADLINE,
)
FULL_DISK: Final = Scene(
    "the audit fails",
    1,
    (attempt("t0"), yes("ana"), no("bo")),
    ("audit fails A", "audit fails A", "put back"),
    moments=NOW,
)

SCENES: Final = (
    AGAINST,
    LATE,
    TWICE,
    DEATH,
    FORGETS,
    FORGETS_APART,
    OVERTAKEN,
    NEARER,
    FROZEN,
    UNFROZEN,
    POLICY,
    FULL_DISK,
)


LARGE: Final = (
    replace(AGAINST, faults=("hang up", "lost answer"), moments=DEADLINE),
    replace(DEATH, actors=(*DEATH.actors, no("bo"))),
    replace(FORGETS, faults=("put back", "crash A")),
    replace(FROZEN, faults=("crash A",), moments=DEADLINE),
    replace(UNFROZEN, faults=("unfreeze", "crash A", "put back")),
    replace(POLICY, actors=(*POLICY.actors, attempt("t1"))),
    replace(FULL_DISK, actors=(*FULL_DISK.actors, attempt("t0 again"))),
)
"""For `make explore`: minutes."""


@dataclass(frozen=True, slots=True)
class Removed:
    """Guards that are taken out together, where, and what goes wrong then."""

    guards: tuple[str, ...]
    scene: Scene
    breach: str


REMOVED: Final = (
    Removed(("compare_and_swap",), AGAINST, watch.FACT_LOST),
    Removed(("final_first",), AGAINST, watch.NOT_FINAL),
    Removed(("audit_first",), AGAINST, watch.NO_EVIDENCE),
    Removed(("memory",), FORGETS, watch.NO_FORGOTTEN),
    Removed(("votes_before_deadline",), LATE, watch.TIMEOUT_OVER_VOTES),
    Removed(("hearer",), LATE, watch.NOBODY_HEARS),
    Removed(("derive_again",), FORGETS, watch.NO_FORGOTTEN),
    Removed(("last_look",), OVERTAKEN, watch.NO_FORGOTTEN),
    Removed(("check_each_try",), FULL_DISK, watch.NO_FORGOTTEN),
    Removed(("answered_stays",), FORGETS, watch.TWO_ANSWERS),
    Removed(("spoken_is_known",), FORGETS_APART, watch.NO_FORGOTTEN),
    Removed(("freeze_in_script",), FROZEN, watch.AFTER_FREEZE),
    Removed(("lost_freeze_holds",), UNFROZEN, watch.WHILE_FROZEN),
    Removed(("own_nonce", "own_vote"), TWICE, watch.VOTE_DENIED),
    Removed(("earlier_deadline",), NEARER, watch.NOT_SUPPORTED),
    Removed(("todays_rules",), POLICY, watch.AGAINST_TODAY),
)
