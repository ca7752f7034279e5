"""Every order in which the writers of a record may act, searched: none breaks a promise.

Each guard is taken out once, and the search then tells the shortest story of what goes wrong.
"""

import os
from dataclasses import replace

import pytest

from tests.model import watch
from tests.model.scenes import AGAINST, FORGETS_APART, LARGE, REMOVED, SCENES, TWICE
from tests.model.search import search

EXPLORING = os.environ.get("HYPOTHESIS_PROFILE") == "explore"


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_with_every_guard_there_is_no_order_that_breaks_a_promise(scene):
    searched = search(scene)
    assert searched.breach is None, str(searched)
    assert searched.states > 2_000


@pytest.mark.skipif(not EXPLORING, reason="takes minutes: make explore")
@pytest.mark.parametrize("scene", LARGE, ids=lambda scene: f"{scene.name}, and more")
def test_nor_is_there_in_larger_scenes(scene):
    searched = search(scene)
    assert searched.breach is None, str(searched)
    print(f"{scene.name}, and more: {searched.states} states")  # noqa: T201 - what was explored


@pytest.mark.parametrize("removed", REMOVED, ids=lambda removed: "-".join(removed.guards))
def test_without_a_guard_the_search_finds_what_it_was_for(removed):
    assert search(removed.scene, *removed.guards).breach == removed.breach


@pytest.mark.parametrize("guard", ["own_nonce", "own_vote"])
def test_a_vote_that_was_sent_twice_is_known_again_by_its_nonce_or_by_itself(guard):
    """Either guard is enough; REMOVED shows what comes of neither."""
    assert search(TWICE, guard).breach is None


def test_a_story_is_the_shortest_one_and_can_be_read():
    assert search(AGAINST, "compare_and_swap").story == (
        "attempt t0 at A comes",
        "attempt t0 at A creates the record",
        "ana (approve at A) clicks",
        "bo (reject at B) clicks",
        "ana (approve at A) is stored",
        "bo (reject at B) is stored",
    )


def test_what_only_another_gateway_knows_is_the_known_limit():
    """A store that forgets, or is set back, can show one gateway what the other saw refused."""
    assert search(replace(FORGETS_APART, excused=False, actors=APART)).breach == watch.TWO_ANSWERS


APART = tuple(
    replace(actor, at=0 if actor.name in {"bo", "t0"} else 1) for actor in FORGETS_APART.actors
)
