"""Freezes: what they stop, who ends them, where they are kept."""
