"""Requests that no sample holds, composed by other libraries and read by our own checks."""

from tests.approvals.inspect.test_calls import packed as batch_of
from tests.support import solana, tron
from tests.support.bitcoin import STRANGER, plan
from tests.support.evm import TO, USDC, USDT, calling, erc20, method
from tests.support.requests import Sample, sample
from tests.support.typed_data import MAIL, safe_tx, saying, signing

_BATCH = bytes.fromhex("38869bf66a61cf6bdb996a6ae40d5853fd43b526")
_PAYEE = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
_UNLIMITED = (1 << 256) - 1


def composed() -> dict[str, Sample]:
    """By a name for the file."""
    usdt = erc20(TO, 2_500_000_000)
    approve = method("approve(address,uint256)", _BATCH, _UNLIMITED)
    batch = batch_of((0, USDT, 0, usdt), (0, USDC, 0, approve), (0, TO, 10**18, b""))
    many = "0x" + method("multiSend(bytes)", batch).hex()
    return {
        "safe_batch": signing(safe_tx(to=f"0x{_BATCH.hex()}", value="0", data=many, operation=1)),
        "safe_payment": signing(safe_tx()),
        "typed_data": signing(MAIL),
        "long_message": saying(b"I agree to all of this, and to what follows. " * 40),
        "hash_message": saying(bytes(range(32))),
        "collection": calling(USDC, method("setApprovalForAll(address,bool)", TO, True)),
        "unknown_call": calling(_BATCH, bytes.fromhex("deadbeef") + bytes(64)),
        "solana_new_account": _solana(),
        "bitcoin_payees": _bitcoin(),
        "bitcoin_many": many_payees(24),
        "tron_permissions": _tron(),
    }


def _solana() -> Sample:
    claimed = solana.SPL.with_transaction("fee", None)
    claimed = claimed.with_transaction("destination.account_output.memo", "invoice 2041")
    steps = (solana.opening(), solana.tokens(), solana.memo("invoice 2041"))
    asked: Sample = solana.asking(claimed, solana.message(*steps))
    return asked


def _bitcoin() -> Sample:
    usual = plan("P2WPKH", "P2WPKH")
    ((change, left),) = usual.change
    return usual.but(
        paid=((STRANGER, 300_000), (_PAYEE, 125_000)), change=((change, left - 125_000),)
    ).sample()


def many_payees(number: int) -> Sample:
    """So many outputs, each of another amount, in turn to two addresses."""
    usual = plan("P2WPKH")
    ((change, left),) = usual.change
    paid = tuple(((STRANGER, _PAYEE)[one % 2], 1_000 + one) for one in range(number))
    rest = left + sum(value for _, value in usual.paid) - sum(value for _, value in paid)
    return usual.but(paid=paid, change=((change, rest),)).sample()


def _tron() -> Sample:
    key = tron.message("Key", address=tron.STRANGER, weight=1)
    owner = tron.message("Permission", permission_name="owner", threshold=1, keys=[key])
    active = tron.message(
        "Permission",
        type=2,
        permission_name="pay",
        threshold=1,
        operations=bytes([0b10, 0, 0, 0x80]) + bytes(28),
        keys=[tron.message("Key", address=tron.OWNER, weight=1), key],
    )
    name = "AccountPermissionUpdateContract"
    value = tron.encoded(name, owner_address=tron.OWNER, owner=owner, actives=[active])
    asked = sample("keysign_tron_trx").with_tron_bytes(tron.raw(tron.contract(46, name, value)))
    return asked.with_transaction("destination.destination_type", "Tron_Stake")
