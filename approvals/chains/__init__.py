"""What a raw transaction says, read from its own bytes, chain by chain."""
