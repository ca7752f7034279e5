"""Solana: messages, accounts and the instructions of the programs that everybody uses."""
