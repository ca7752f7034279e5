"""The commands: their options, and nothing heavy before one runs."""
