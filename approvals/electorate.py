"""Who is who today: the people and groups of the policy in force, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from approvals.model import Override

ON_CALL: Final = "on_call"
"""The group that may freeze, wherever a policy has one."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may vote: identified by Slack user id and by SSH public key, never by name.

    `ssh_key` is the fingerprint (`SHA256:…`) of the public key; `ssh_line` the key itself.
    """

    name: str
    slack: str | None
    ssh_key: str | None
    ssh_line: str | None
    initiates_as: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Electorate:
    """Who is who today: the people and groups of the policy in force, and who may override."""

    policy: str
    people: Mapping[str, Person]
    groups: Mapping[str, tuple[str, ...]]
    override: Override | None = None

    @property
    def on_call(self) -> tuple[str, ...]:
        """Who may freeze and thaw: the group `on_call`, and those who may override."""
        override = () if self.override is None else self.override.people
        return tuple(dict.fromkeys((*self.groups.get(ON_CALL, ()), *override)))

    def called(self, group: str) -> tuple[str, ...]:
        """Who is meant where a group is called: by `on_call` all who are on call."""
        members = self.groups.get(group, ())
        return self.on_call if group == ON_CALL and members else members

    @property
    def keyed_on_call(self) -> tuple[str, ...]:
        """Those of them who can at a terminal: only a key signs."""
        return tuple(
            name
            for name in self.on_call
            if name in self.people and self.people[name].ssh_key is not None
        )
