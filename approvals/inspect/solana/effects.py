"""What the instructions of a message do, each of them: effects, doubts, flags, notes and fee."""

from typing import Final, assert_never

from approvals.chains.addresses import claimed_address
from approvals.chains.solana.accounts import solana_address
from approvals.chains.solana.instructions import (
    Action,
    AdvanceNonce,
    AllowTokens,
    LimitMemory,
    LimitUnits,
    MoveLamports,
    MoveTokens,
    OpenTokenAccount,
    PriceUnits,
    Step,
    Unknown,
    WriteMemo,
    read_instruction,
)
from approvals.chains.solana.message import Instruction, Message
from approvals.chains.solana.naming import Named
from approvals.findings import ContractCall, Note, Transfer
from approvals.inspect.solana.doing import Doing, Setting, add_named
from approvals.inspect.solana.tokens import add_account, add_tokens

_SELECTOR: Final = 4


def look_at_instructions(message: Message, setting: Setting) -> Doing:
    """Read every instruction; none is passed over."""
    doing = Doing()
    actions = [read_instruction(each) for each in message.instructions]
    wallets = _wallets(setting, actions)
    if message.lookups:
        doing.doubts.append("It takes accounts from a lookup table, which cannot be seen here.")
    for position, action in enumerate(actions):
        match action:
            case AdvanceNonce():
                _advance(action, position, setting, doing)
            case LimitUnits() | PriceUnits():
                _budget(action, doing)
            case LimitMemory():
                pass  # it neither moves nor costs anything
            case _:
                _act(action, message.instructions[position], setting, wallets, doing)
    if not doing.effects:
        doing.doubts.append("It moves nothing, and only costs a fee.")
    _doubt_opened(actions, setting, doing)
    return doing


def _doubt_opened(actions: list[Action], setting: Setting, doing: Doing) -> None:
    """The owner of a token account may take out its rent: nobody is given one for nothing."""
    paid = {setting.source, *doing.places.values()}
    for action in actions:
        if isinstance(action, OpenTokenAccount) and paid.isdisjoint(
            (action.wallet, action.account)
        ):
            wallet = solana_address(action.wallet).text
            doing.doubts.append(f"It opens a token account of {wallet}, who is not paid.")


def _act(
    action: Step,
    instruction: Instruction,
    setting: Setting,
    wallets: tuple[bytes, ...],
    doing: Doing,
) -> None:
    """What a step does, other than to the transaction itself."""
    match action:
        case MoveLamports():
            _move_lamports(action, setting, doing)
        case MoveTokens() | AllowTokens():
            add_tokens(action, instruction, setting, wallets, doing)
        case OpenTokenAccount():
            add_account(action, setting, doing)
        case WriteMemo(text):
            doing.memos.append(text)
            doing.notes.append(Note("Memo", text))
        case Named():
            add_named(action, setting, doing)
        case Unknown():
            _call(action, instruction, setting, doing)
        case _ as never:
            assert_never(never)


def _wallets(setting: Setting, actions: list[Action]) -> tuple[bytes, ...]:
    """Who a token account may belong to: the claimed, those that the bytes name, the source."""
    claimed = [claimed_address(output.address) for output in setting.outputs]
    found = [address.raw for address in claimed if address and address.family == "solana"]
    found += [action.wallet for action in actions if isinstance(action, OpenTokenAccount)]
    return tuple(dict.fromkeys((*found, setting.source)))


def _move_lamports(action: MoveLamports, setting: Setting, doing: Doing) -> None:
    chain = setting.chain
    sender, to = solana_address(action.sender), solana_address(action.to)
    doing.effects.append(Transfer(chain.chain_id, chain.native, sender, to, action.lamports))
    if action.sender != setting.source:
        doing.doubts.append("It moves coins of another account than the source.")


def _advance(action: AdvanceNonce, position: int, setting: Setting, doing: Doing) -> None:
    account = solana_address(action.account).text
    doing.notes.append(Note("Nonce", f"It never expires: it uses the nonce account {account}."))
    if position:
        doing.doubts.append("It uses up a nonce, but not as its first step.")
    if action.authority != setting.source:
        doing.doubts.append("It uses a nonce that is not the source's.")


def _budget(action: LimitUnits | PriceUnits, doing: Doing) -> None:
    if isinstance(action, LimitUnits):
        twice = doing.limit is not None
        doing.limit = max(action.units, doing.limit or 0)
    else:
        twice = doing.price is not None
        doing.price = max(action.price, doing.price or 0)
    if twice:
        doing.doubts.append("It sets the same part of its fee twice.")


def _call(action: Unknown, instruction: Instruction, setting: Setting, doing: Doing) -> None:
    """A call of a program that we do not know: anything may happen."""
    program, data = solana_address(action.program), instruction.data
    doing.effects.append(
        ContractCall(
            chain=setting.chain.chain_id,
            contract=program,
            sender=solana_address(setting.source),
            value=0,
            native=setting.chain.native,
            selector="0x" + data[:_SELECTOR].hex() if len(data) >= _SELECTOR else "",
            calldata_size=len(data),
            method=action.name,
        )
    )
    who = f"the {action.name} program" if action.name else f"the program {program.text}"
    doing.doubts.append(f"It calls {who}; what that does is not understood.")
