"""Solana transactions as solders builds them, and requests that ask to sign them."""

import base64

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.token.associated import get_associated_token_address

from tests.support.requests import sample

SOL = sample("keysign_sol_transfer")
SPL = sample("keysign_spl_usdc")

SOURCE = Pubkey.from_string("FqyV2VQp33zkeYKNL4uSQ4nW6gX4EPMpMa7Tyg6PUi7J")
TO = Pubkey.from_string("HieuGFDGGhpKko2svDZAsW69mxU6VW8sS1GKW3hM3qVG")
OTHER = Pubkey.from_string("8bJaa7p816rKnPSGTsZdWBDkAmsuKDnoEYzLRwrsuFV6")
THIRD = Pubkey(bytes(range(32)))
USDC = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
USDT = Pubkey.from_string("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB")
TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
ASSOCIATED = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
MEMO_1 = Pubkey.from_string("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo")
MEMO_2 = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
SYSTEM = Pubkey.from_string("11111111111111111111111111111111")
RENT = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
BLOCKHASH = Hash(bytes(range(100, 132)))

BUDGET = (set_compute_unit_price(350_000), set_compute_unit_limit(200_000))
"""What the samples begin with, and their claims state."""


def ata(wallet, mint=USDC, program=TOKEN):
    return get_associated_token_address(wallet, mint, program)


def meta(key, signer=False, writable=True):
    return AccountMeta(key, signer, writable)


def coins(amount=250_000_000, to=TO, sender=SOURCE):
    return transfer(TransferParams(from_pubkey=sender, to_pubkey=to, lamports=amount))


def program(program_id, data, *accounts):
    """An instruction; the source among its accounts signs."""
    return Instruction(
        program_id,
        data,
        [
            each if isinstance(each, AccountMeta) else meta(each, each == SOURCE)
            for each in accounts
        ],
    )


def tokens(
    amount=40_000_000,
    *,
    to=None,
    mint=USDC,
    decimals=6,
    account=None,
    authority=SOURCE,
    token=TOKEN,
    more=(),
):
    """TransferChecked, as the sample has it."""
    accounts = (
        account or ata(SOURCE, mint, token),
        meta(mint, writable=False),
        to or ata(TO, mint, token),
        meta(authority, signer=True),
        *more,
    )
    return program(token, b"\x0c" + amount.to_bytes(8, "little") + bytes([decimals]), *accounts)


def unchecked(amount=40_000_000, to=None, account=None):
    """Transfer of Token, which names no mint."""
    data = b"\x03" + amount.to_bytes(8, "little")
    return program(TOKEN, data, account or ata(SOURCE), to or ata(TO), SOURCE)


def opening(wallet=TO, *, mint=USDC, token=TOKEN, account=None, payer=SOURCE, data=b"\1", more=()):
    """Create of Associated Token Account; `data` 1 is CreateIdempotent."""
    return program(
        ASSOCIATED,
        data,
        meta(payer, signer=True),
        account or ata(wallet, mint, token),
        meta(wallet, writable=False),
        meta(mint, writable=False),
        meta(SYSTEM, writable=False),
        meta(token, writable=False),
        *more,
    )


def memo(text, version=MEMO_2):
    return program(version, text.encode() if isinstance(text, str) else text)


def message(*instructions, payer=SOURCE):
    """A legacy message."""
    return bytes(Message.new_with_blockhash(list(instructions), payer, BLOCKHASH))


def message_0(*instructions, tables=(), payer=SOURCE):
    """A message of version 0."""
    from solders.message import to_bytes_versioned

    built = MessageV0.try_compile(payer, list(instructions), list(tables), BLOCKHASH)
    return to_bytes_versioned(built)


def packed(raw):
    """A transaction as unsigned_raw_tx has it."""
    return base64.b64encode(raw).hex()


def asking(base, signed, slots=0):
    """The request to sign a message: in unsigned_raw_tx, with empty signatures, and as the hash."""
    raw = bytes([slots]) + bytes(64 * slots) + signed
    return base.with_transaction("raw_tx_info.unsigned_raw_tx", packed(raw)).with_detail(
        "msg_hash_list", ["0x" + signed.hex()]
    )


def raw_of(base):
    """The transaction of a request, out of its base64."""
    text = base.extra["transaction"]["raw_tx_info"]["unsigned_raw_tx"]
    return base64.b64decode(bytes.fromhex(text.removeprefix("0x")))
