"""A place that fails: said once for all of them, tried again in its time, and not before."""

from collections.abc import Sequence

import pytest

from approvals.events import Trouble
from approvals.outbox import Outbox
from notifiers.once import Held
from notifiers.ports import NotTold
from notifiers.story import names_of
from notifiers.tellers import Tellers
from tests.notifiers.world import World, all_told
from tests.support.slack_server import Fails

MINUTE = 60_000


class Place:
    """Takes everything, or fails as it is told to."""

    name = "place"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.told = 0

    async def tell(self, _story: object) -> None:
        if self.error is not None:
            raise self.error
        self.told += 1

    async def tell_freezes(self, _record: object) -> None:
        """Nothing is frozen here."""


def beside(world: World, place: Place) -> Tellers:
    """Slack and this place."""
    return Tellers(
        world.service,
        Outbox(world._link, world.seal_key, (world.posts.name, place.name)),
        world.posts,
        (place,),
        names=lambda: names_of(world.service.policy),
        journal=world.notes,
        now_ms=world.clock.now_ms,
    )


def troubles(world: World) -> Sequence[bool]:
    return [trouble.down for trouble in world.notes.of(Trouble)]


async def test_that_places_fail_is_said_once_and_that_they_are_back_when_the_last_is(
    world: World,
) -> None:
    place = Place(NotTold("away"))
    tellers = beside(world, place)
    await world.asked()
    world.slack.fail("chat.postMessage", Fails(status=500))
    await all_told(tellers)
    assert troubles(world) == [True]
    world.clock.ahead += 2_000
    await all_told(tellers)
    assert world.slack.messages
    assert troubles(world) == [True], "the other one still takes nothing"
    place.error = None
    world.clock.ahead += 2 * MINUTE
    await all_told(tellers)
    assert place.told == 1
    assert troubles(world) == [True, False]


async def test_whom_another_tells_just_now_does_not_fail(world: World) -> None:
    place = Place(Held("another is telling it", retry_after=1))
    tellers = beside(world, place)
    await world.asked()
    await all_told(tellers)
    place.error = None
    world.clock.ahead += 2_000
    await all_told(tellers)
    assert place.told == 1
    assert troubles(world) == []


@pytest.mark.parametrize("retry_after", [None, 600])
async def test_what_failed_is_tried_when_people_are_called_unless_the_place_forbids_it(
    world: World, retry_after: float | None
) -> None:
    world.clock.stands_at = world.clock.now_ms()
    place = Place(NotTold("away", retry_after=retry_after))
    page = beside(world, place).each[1]
    approval = await world.asked()
    half = (approval.deadline - approval.asked_at) // 2
    world.clock.ahead = half - 100_000
    for wait in (1_000, 2_000, 4_000, 8_000, 16_000, 32_000):
        await page.tell_due()
        world.clock.ahead += wait
    await page.tell_due()  # the next try would be after a minute
    place.error = None
    world.clock.ahead = half - 1
    await page.tell_due()
    assert place.told == 0
    world.clock.ahead = half
    await page.tell_due()
    assert place.told == (retry_after is None)
    world.clock.ahead = half + 10 * MINUTE
    await page.tell_due()
    assert place.told > 0
