"""Promises of the room `gateway`."""
