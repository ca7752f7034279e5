"""What bears witness to a chain: heads that were signed, and what names a line of it elsewhere."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from approvals.audit.file import LastLine
from approvals.audit.form import Link
from approvals.audit.heads import Head
from approvals.audit.report import Report
from keys.signed_text import verify


@dataclass(frozen=True, slots=True)
class _Named:
    """What a line's hash must be, and who says so."""

    hash: str
    who: str


class Witnesses:
    """Lines that must be there. Each is named once, and found or not as the chains are followed."""

    def __init__(self, keys: Mapping[str, RSAPublicKey], report: Report) -> None:
        """`keys` are those that heads may be signed with, by fingerprint."""
        self._keys = keys
        self._report = report
        self._named: dict[str, dict[int, list[_Named]]] = defaultdict(lambda: defaultdict(list))

    def is_signed(self, head: Head, where: str) -> bool:
        """Whether we signed a head; if not, that is found."""
        key = self._keys.get(head.key)
        if key is None:
            self._report.find(
                f"{where}: a head is signed with the key {head.key}, which is not known here:"
                " give that public key."
            )
            return False
        if not verify(key, head.text, head.signature):
            self._report.find(f"{where}: the signature of a head does not verify.")
            return False
        return True

    def take_head(self, head: Head, where: str, who: str) -> bool:
        """A head from elsewhere than its place in the chain; whether it counts."""
        if not self.is_signed(head, where):
            return False
        self._named[head.chain][head.seq].append(_Named(head.hash, who))
        return True

    def take_local_head(self, last: LastLine, who: str) -> None:
        """What was noted beside a chain as its last line."""
        self._named[last.chain][last.seq].append(_Named(last.hash, who))

    def meet(self, link: Link, hash_: str, where: str) -> None:
        """A line is there."""
        for named in self._named[link.chain].pop(link.seq, ()):
            if named.hash != hash_:
                self._report.find(f"{where} is not the entry {link.seq} that {named.who} names.")

    def miss(self, chain: str, last: int, where: str) -> None:
        """A chain ended with entry `last`: what was named and not met is gone."""
        for seq, names in sorted(self._named.pop(chain, {}).items()):
            what = "was cut off" if seq > last else "is not there"
            for named in names:
                self._report.find(
                    f"Entry {seq}, which {named.who} names, {what}:"
                    f" the last one here is {last}, {where}."
                )

    def miss_chains(self) -> None:
        """All chains were followed: of those that are named still, nothing is here."""
        for chain, seqs in sorted(self._named.items()):
            for seq, names in sorted(seqs.items()):
                for named in names:
                    self._report.find(
                        f"Entry {seq} of chain {chain}, which {named.who} names, is not here:"
                        " nothing of that chain is."
                    )
