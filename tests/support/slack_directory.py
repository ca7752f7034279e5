"""Who and what a local Slack knows: people, the channel, and what a token may ask about them.

As Slack's pages say it: https://docs.slack.dev/reference/methods/users.info and
https://docs.slack.dev/reference/methods/conversations.info; a scope that lacks is
`missing_scope` with `needed` and `provided`.
"""

from dataclasses import dataclass, field
from typing import Any

FULL = frozenset({"chat:write", "users:read", "channels:read", "groups:read"})


@dataclass
class Directory:
    """`channel` replaces parts of what is said of it; `people` those of a person, by id."""

    workspace: str
    scopes: frozenset[str] = FULL
    is_member: bool = True
    is_private: bool = False
    channel: dict[str, Any] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, user: str, name: str, **changes: Any) -> None:
        """Somebody of this workspace, if nothing else is said."""
        self.people[user] = {
            "id": user,
            "team_id": self.workspace,
            "name": name.lower(),
            "real_name": name,
            "deleted": False,
            "is_bot": False,
            **changes,
        }

    @property
    def headers(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(sorted(self.scopes))}

    def users_info(self, args: dict[str, Any]) -> dict[str, Any]:
        if "users:read" not in self.scopes:
            return self._lacks("users:read")
        person = self.people.get(args.get("user", ""))
        if person is None:
            return {"ok": False, "error": "user_not_found"}
        return {"ok": True, "user": person}

    def conversations_info(self, args: dict[str, Any], known: str) -> dict[str, Any]:
        needed = "groups:read" if self.is_private else "channels:read"
        if not self.scopes & {"channels:read", "groups:read"}:
            return self._lacks("channels:read,groups:read,mpim:read,im:read")
        if args.get("channel") != known or (self.is_private and not self.is_member):
            return {"ok": False, "error": "channel_not_found"}
        if needed not in self.scopes:
            return self._lacks(needed)
        channel = {
            "id": known,
            "name": "approvals",
            "is_channel": True,
            "is_private": self.is_private,
            "is_member": self.is_member,
            "is_archived": False,
            "is_ext_shared": False,
            **self.channel,
        }
        return {"ok": True, "channel": channel}

    def _lacks(self, scope: str) -> dict[str, Any]:
        provided = ",".join(sorted(self.scopes))
        return {"ok": False, "error": "missing_scope", "needed": scope, "provided": provided}
