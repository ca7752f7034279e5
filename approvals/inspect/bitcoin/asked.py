"""A KeySign for a chain of Bitcoin's shape, with the chain's own words for scripts and amounts."""

from dataclasses import dataclass

from approvals.chains.amounts import base_units, coin_text
from approvals.chains.bitcoin.networks import Network
from approvals.chains.bitcoin.scripts import address_of, script_of
from approvals.chains.tables import Chain
from approvals.details import Extra, KeySign
from approvals.findings import Address
from approvals.inspect.seen import Case


@dataclass(frozen=True, slots=True)
class Asked:
    """A case whose chain is known, and how that writes addresses."""

    case: Case
    chain: Chain
    network: Network

    @property
    def signing(self) -> KeySign:
        """What the node will execute."""
        return self.case.signing

    @property
    def extra(self) -> Extra:
        """What Cobo says."""
        return self.case.extra

    def script(self, text: str | None) -> bytes | None:
        """The script of an address of the chain; None for any other text, or none."""
        return script_of(self.network, text) if text else None

    def address(self, script: bytes) -> Address | None:
        """The address of a script of a standard form."""
        return address_of(self.network, script)

    def amount(self, text: str) -> int | None:
        """Base units of an amount in coins; None where it is finer than that."""
        return base_units(text, self.chain.native.decimals or 0)

    def coins(self, amount: int) -> str:
        """Base units as coins, for people."""
        native = self.chain.native
        return f"{coin_text(amount, native.decimals or 0)} {native.symbol}"
