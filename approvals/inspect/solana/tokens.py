"""What instructions about tokens do: whose they are, where they go, and who may move them."""

from approvals.chains.solana.accounts import solana_address, token_account
from approvals.chains.solana.instructions import (
    UNLIMITED,
    AllowTokens,
    MoveTokens,
    OpenTokenAccount,
)
from approvals.chains.solana.message import Instruction
from approvals.chains.solana.naming import named
from approvals.chains.solana.programs import TOKEN
from approvals.findings import Address, Asset, Note, TokenApproval, Transfer
from approvals.inspect.solana.doing import TOKEN_ACCOUNT_RENT, Doing, Setting, add_named
from approvals.risks import Flag


def add_account(action: OpenTokenAccount, setting: Setting, doing: Doing) -> None:
    """A new token account, for which the payer lends rent."""
    doing.rents += TOKEN_ACCOUNT_RENT
    account, wallet = solana_address(action.account).text, solana_address(action.wallet).text
    doing.notes.append(Note("Opens", f"token account {account} of {wallet}"))
    if action.payer != setting.source:
        doing.doubts.append("Another account than the source pays for a new token account.")
    if action.program != TOKEN:
        doing.doubts.append("It opens an account for a token that may have rules of its own.")
    if action.account != token_account(action.wallet, action.mint, action.program):
        doing.doubts.append("It opens a token account that is not its wallet's.")


def add_tokens(
    action: MoveTokens | AllowTokens,
    instruction: Instruction,
    setting: Setting,
    wallets: tuple[bytes, ...],
    doing: Doing,
) -> None:
    """A transfer or an allowance of tokens, if it is known which token it is about."""
    mint = action.mint or _mint(action, setting)
    if isinstance(action, AllowTokens):
        _flag(action, doing)
    if mint is None:
        add_named(named(instruction), setting, doing)
        return
    chain = setting.chain.chain_id
    asset = setting.tables.asset_of(chain, solana_address(mint))
    authority = solana_address(action.authority)
    if isinstance(action, AllowTokens):
        spender = solana_address(action.delegate)
        via = named(instruction).name
        doing.effects.append(TokenApproval(chain, asset, authority, spender, action.amount, via))
    else:
        doing.places[len(doing.effects)] = action.to
        to = _owner(action, mint, wallets, doing)
        doing.effects.append(Transfer(chain, asset, authority, to, action.amount))
    _doubt_tokens(action, mint, asset, setting, doing)


def _mint(action: MoveTokens | AllowTokens, setting: Setting) -> bytes | None:
    """The mint that the old forms leave out: the claimed one, if the source's account is its."""
    contract = setting.claimed.contract if setting.claimed else None
    if contract is None:
        return None
    own = token_account(setting.source, contract.raw, action.program)
    return contract.raw if own == action.account else None


def _owner(action: MoveTokens, mint: bytes, wallets: tuple[bytes, ...], doing: Doing) -> Address:
    """The wallet whose token account receives; that account itself where no wallet is proved.

    An associated account is a hash over its wallet: a wallet that gives this very hash is its own.
    """
    for wallet in wallets:
        if token_account(wallet, mint, action.program) == action.to:
            return solana_address(wallet)
    account = solana_address(action.to)
    text = f"{account.text} is a token account; the bytes do not say whose."
    doing.notes.append(Note("Token account", text))
    return account


def _flag(action: AllowTokens, doing: Doing) -> None:
    """An account has one delegate, who may move what he was allowed at any later time."""
    if action.amount == UNLIMITED:
        text = "It lets another account move all of a token, without limit."
        doing.flags.append(Flag("unlimited_allowance", text))
    elif action.amount:
        text = "It lets another account move tokens at any later time."
        doing.flags.append(Flag("permission_change", text))


def _doubt_tokens(
    action: MoveTokens | AllowTokens, mint: bytes, asset: Asset, setting: Setting, doing: Doing
) -> None:
    doubts = doing.doubts
    if action.mint is None:
        doubts.append("It does not name the token that it is about.")
    if action.program != TOKEN:
        doubts.append("It is about a Token-2022 token, which may have rules of its own.")
    if asset.token_id is None:
        doubts.append("The token is not in our tables, so its amount cannot be read.")
    elif action.decimals not in (None, asset.decimals):
        doubts.append("The decimals in the bytes are not those of the token.")
    if action.authority != setting.source:
        doubts.append("It is about tokens of another account than the source.")
    elif action.account != token_account(setting.source, mint, action.program):
        doubts.append("It is about another token account than the one that is the source's.")
