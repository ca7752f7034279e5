"""Checks 9 to 15 of Solana transactions: what is signed, what each instruction does, the claims."""

from approvals.inspect.solana.look import PORT

__all__ = ["PORT"]
