"""The judge's part about telling: messages show what is stored, and every click gets a word."""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.history import Voted, VoteTold, Whispered
from tests.chaos.trial import Case, Trial
from tests.chaos.violation import Violation


def messages_show_what_is_stored(trial: Trial) -> Iterator[Violation]:
    """At the end no message claims what is not stored, and of everything that people should hear
    of one message shows the stored outcome.

    One, not each: a post whose answer got lost is there without our knowing, and stays as it was
    posted until somebody clicks on it. What Redis forgot, where it may, was told all the same if
    it was so: if an audit has it.
    """
    audited: defaultdict[str, set[str | None]] = defaultdict(set)
    if trial.redis_forgets:
        for entry in (entry for case in trial.cases.values() for entry in case.entries):
            audited[entry.digest].add(entry.outcome)
    for shown in trial.shown or ():
        if shown.people_hear and not shown.messages:
            yield Violation("9 telling", shown.member, "nobody was ever told of it")
        claimed = [claims(text) for text, _ in shown.messages]
        for claim in claimed:
            if claim not in {None, shown.outcome} | audited[shown.digest]:
                yield Violation("9 telling", shown.member, f"shown {claim}, stored {shown.outcome}")
        closed = [not buttons and claims(text) for text, buttons in shown.messages]
        if shown.messages and shown.outcome is not None and shown.outcome not in closed:
            said = shown.messages[0][0][:200]
            yield Violation("9 telling", shown.member, f"{shown.outcome} is not shown: {said}")


def clicks_get_a_word(trial: Trial) -> Iterator[Violation]:
    """A click that Slack was told is heard is stored, or its maker gets a private sentence.

    Sentences do not say which click they are about, so each person's are matched in order. Not
    asked where Slack failed meanwhile, nor where a gateway or its connections were ended: such a
    click, whose sentence may be lost, takes none from the others.
    """
    whispers: defaultdict[str, list[int]] = defaultdict(list)
    for event in trial.events:
        if isinstance(event, Whispered):
            whispers[event.person].append(event.at)
    for case, vote, told in sorted(_unstored_clicks(trial), key=lambda found: found[1].at):
        if trial.muted(vote.at, told.at):
            continue
        mine = whispers[vote.person]
        answer = next((at for at in mine if at >= vote.at), None)
        if answer is not None:
            mine.remove(answer)
        else:
            yield Violation("9 telling", case.name, f"the click of {vote.person} came to nothing")


def _unstored_clicks(trial: Trial) -> Iterator[tuple[Case, Voted, VoteTold]]:
    """Clicks that were acknowledged and are stored nowhere, so far as evidence goes.

    Of several deliveries of one person's click on one request, each may be the stored one: two
    that arrive in the same millisecond both find it stored.
    """
    stored_at_end = {shown.digest: shown.votes for shown in trial.shown or ()}
    for case in trial.cases.values():
        lines = [line for entry in case.entries for line in entry.votes]
        lines += stored_at_end.get(case.wished.digest, ())
        for person in {vote.person for vote in case.votes.values()}:
            clicks = [
                (vote, case.told[name])
                for name, vote in case.votes.items()
                if vote.person == person and case.told_of(name) == "acknowledged"
            ]
            if any(line.person == person and line.choice == "approve" for line in lines):
                continue
            yield from ((case, vote, told) for vote, told in clicks)


def claims(text: str) -> str | None:
    """The outcome that a message claims."""
    if any(words in text.lower() for words in ("the node was there", "taken by the node")):
        return "APPROVE"
    if "Rejected" in text or "Refused" in text:
        return "REJECT"
    return None
