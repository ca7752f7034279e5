import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey
from solders.token.associated import get_associated_token_address

from approvals.chains import base58
from approvals.chains.solana.accounts import solana_account, solana_address, token_account
from approvals.chains.solana.programs import TOKEN, TOKEN_2022

VECTOR = json.loads((Path(__file__).parents[2] / "vectors/keys.json").read_text())["ata_vector"]
KEYS = st.binary(min_size=32, max_size=32)


def test_the_token_account_of_the_vector():
    owner, mint, program, account = (
        base58.decode(VECTOR[name]) or b"" for name in ("owner", "mint", "token_program", "ata")
    )
    assert token_account(owner, mint, program) == account


@given(KEYS, KEYS, st.sampled_from([TOKEN, TOKEN_2022]))
def test_token_accounts_are_those_of_solders(wallet, mint, program):
    theirs = get_associated_token_address(Pubkey(wallet), Pubkey(mint), Pubkey(program))
    assert token_account(wallet, mint, program) == bytes(theirs)


@given(KEYS)
def test_accounts_are_shown_as_solders_shows_them(key):
    assert solana_address(key).text == str(Pubkey(key))
    assert solana_account(b"\0" + key) == solana_address(key)
