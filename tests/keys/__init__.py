"""Promises of the room `keys`."""
